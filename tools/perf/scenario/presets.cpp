// The presets, in alphabetical order.
#include "tools/perf/scenario/presets.h"

#include <array>

namespace lepus::perf {

namespace {

constexpr std::array preset_table{
    Preset{"connection-churn", "connections and channels that are opened and closed all the time",
           R"({
  "description": "Steady traffic while others connect and leave, also with channels and queues.",
  "queues": {"work": {}},
  "clients": {
    "producer": {"role": "producer", "rate": 2000, "size": 256},
    "consumer": {"role": "consumer", "prefetch": 100, "ack_batch": 10},
    "connections": {"role": "churn", "what": "connection", "count": 16},
    "channels": {"role": "churn", "what": "channel", "count": 4, "rate": 1000},
    "declares": {"role": "churn", "what": "queue", "count": 4, "rate": 500}
  },
  "phases": [
    {"name": "warm-up", "seconds": 1, "warmup": true},
    {"name": "churn", "seconds": 10}
  ]
})"},
    Preset{"deep-backlog", "a queue that fills while nobody reads, and is then worked off",
           R"({
  "description": "Persistent messages pile up without a consumer; then consumers come.",
  "queues": {"work": {"durable": true}},
  "clients": {
    "producer": {
      "role": "producer", "count": 2, "size": 1024, "persistent": true, "confirm": 1000
    },
    "consumers": {"role": "consumer", "count": 2, "prefetch": 500, "ack_batch": 50, "active": 0}
  },
  "phases": [
    {"name": "fill", "seconds": 10},
    {
      "name": "drain", "seconds": 10,
      "set": {"producer": {"rate": 1000}, "consumers": {"active": 2}}
    }
  ]
})"},
    Preset{"idle-connections", "10 000 connections of which few do anything",
           R"({
  "description": "Ten thousand connections with a channel each, and some traffic among them.",
  "queues": {"work": {"count": 10}},
  "clients": {
    "idle": {"role": "idle", "count": 10000, "connects_per_s": 5000},
    "producers": {"role": "producer", "count": 10, "rate": 1000, "size": 256},
    "consumers": {"role": "consumer", "count": 10, "prefetch": 50}
  },
  "phases": [
    {"name": "warm-up", "seconds": 1, "warmup": true},
    {"name": "hold", "seconds": 10}
  ]
})"},
    Preset{"nack-storm", "consumers that refuse most messages and send them back to the queue",
           R"({
  "description": "Four of five messages are refused, nearly all with requeue, and come again.",
  "queues": {"work": {}},
  "clients": {
    "producer": {"role": "producer", "rate": 1000, "size": 256},
    "consumers": {"role": "consumer", "count": 4, "prefetch": 100, "requeue": 0.95}
  },
  "phases": [
    {"name": "calm", "seconds": 3, "set": {"consumers": {"nack": 0}}},
    {"name": "storm", "seconds": 8, "set": {"consumers": {"nack": 0.8}}},
    {"name": "calm again", "seconds": 3, "set": {"consumers": {"nack": 0}}}
  ]
})"},
    Preset{"noisy-neighbour", "a client at full speed beside one that needs short latencies",
           R"({
  "description": "What a quiet client's latency becomes beside a neighbour without limits.",
  "queues": {"quiet": {}, "noisy": {"count": 4}},
  "clients": {
    "quiet-producer": {"role": "producer", "queues": "quiet", "rate": 500, "size": 128},
    "quiet-consumer": {"role": "consumer", "queues": "quiet", "prefetch": 10},
    "noisy-producers": {
      "role": "producer", "queues": "noisy", "count": 4, "size": 4096, "rate": 0
    },
    "noisy-consumers": {
      "role": "consumer", "queues": "noisy", "count": 4, "prefetch": 1000, "ack_batch": 100
    }
  },
  "phases": [
    {"name": "warm-up", "seconds": 1, "warmup": true},
    {"name": "quiet", "seconds": 4},
    {
      "name": "noise", "seconds": 8,
      "set": {"noisy-producers": {"rate": "unlimited"}}
    }
  ]
})"},
    Preset{"php", "a connection for each message: connect, publish, close",
           R"({
  "description": "Short-lived scripts: each connects, publishes one message and leaves.",
  "queues": {"work": {"durable": true}},
  "clients": {
    "scripts": {
      "role": "churn", "what": "publish", "count": 32,
      "size": 512, "persistent": true, "confirm": 1
    },
    "consumer": {"role": "consumer", "prefetch": 100, "ack_batch": 10}
  },
  "phases": [
    {"name": "warm-up", "seconds": 1, "warmup": true},
    {"name": "scripts", "seconds": 10}
  ]
})"},
    Preset{"poller", "clients that ask with basic.get, mostly for nothing",
           R"({
  "description": "Pollers of many queues that are mostly empty, beside steady traffic.",
  "queues": {"polled": {"count": 50}, "work": {}},
  "clients": {
    "sparse-producer": {"role": "producer", "queues": "polled", "rate": 100, "size": 256},
    "pollers": {"role": "poller", "queues": "polled", "count": 20, "interval_ms": 1},
    "producer": {"role": "producer", "queues": "work", "rate": 2000, "size": 256},
    "consumer": {"role": "consumer", "queues": "work", "prefetch": 100, "ack_batch": 10}
  },
  "phases": [
    {"name": "warm-up", "seconds": 1, "warmup": true},
    {"name": "poll", "seconds": 10}
  ]
})"},
    Preset{"ramp", "a rate that rises in steps until the broker cannot follow",
           R"({
  "description": "From 1 000 to 200 000 messages a second in eight levels, with confirms.",
  "queues": {"work": {"count": 2}},
  "clients": {
    "producers": {"role": "producer", "count": 2, "size": 512, "confirm": 2000, "rate": 1000},
    "consumers": {"role": "consumer", "count": 2, "prefetch": 500, "ack_batch": 20}
  },
  "phases": [
    {"name": "warm-up", "seconds": 1, "warmup": true},
    {"name": "ramp", "seconds": 24, "set": {"producers": {"rate": [1000, 200000], "steps": 8}}}
  ]
})"},
    Preset{"reconnect-storm", "all clients lose their connections at once and come back",
           R"({
  "description": "Three times all connections are cut in the same instant, and all come back.",
  "queues": {"work": {"count": 20}},
  "clients": {
    "idle": {"role": "idle", "count": 1000, "connects_per_s": 2000, "reconnect": true},
    "producers": {
      "role": "producer", "count": 200, "rate": 2000, "size": 256, "confirm": 10,
      "reconnect": true
    },
    "consumers": {"role": "consumer", "count": 200, "prefetch": 20, "reconnect": true}
  },
  "phases": [
    {"name": "calm", "seconds": 3},
    {"name": "storm 1", "seconds": 4, "reconnect": ["idle", "producers", "consumers"]},
    {"name": "storm 2", "seconds": 4, "reconnect": ["idle", "producers", "consumers"]},
    {"name": "storm 3", "seconds": 4, "reconnect": ["idle", "producers", "consumers"]}
  ]
})"},
    Preset{"slow-consumer", "a consumer that is too slow, beside others that are not",
           R"({
  "description": "A consumer gets twice what it can do; those of the other queue must not notice.",
  "queues": {"slow": {}, "fast": {}},
  "clients": {
    "slow-producer": {"role": "producer", "queues": "slow", "rate": 100, "size": 1024},
    "slow-consumer": {"role": "consumer", "queues": "slow", "prefetch": 50, "delay_ms": 20},
    "fast-producer": {"role": "producer", "queues": "fast", "rate": 5000, "size": 256},
    "fast-consumer": {"role": "consumer", "queues": "fast", "prefetch": 200, "ack_batch": 10}
  },
  "phases": [
    {"name": "warm-up", "seconds": 1, "warmup": true},
    {"name": "steady", "seconds": 10}
  ]
})"},
    Preset{"starved-consumer", "many producers at full speed against a single consumer",
           R"({
  "description": "Eight producers without limit and one consumer with a small prefetch.",
  "queues": {"work": {}},
  "clients": {
    "producers": {"role": "producer", "count": 8, "size": 512},
    "consumer": {"role": "consumer", "prefetch": 10}
  },
  "phases": [
    {"name": "alone", "seconds": 3, "set": {"producers": {"rate": 1000}}},
    {"name": "flood", "seconds": 8, "set": {"producers": {"rate": "unlimited"}}},
    {"name": "relief", "seconds": 5, "set": {"producers": {"rate": 0}}}
  ]
})"},
    Preset{"stream-replay", "readers of a stream, from its beginning and from its end",
           R"({
  "description": "A stream with readers that follow it, and one that reads all of it again.",
  "queues": {"log": {"type": "stream", "prefill": 50000, "prefill_size": 512}},
  "clients": {
    "producer": {"role": "producer", "rate": 5000, "size": 512, "confirm": 1000},
    "followers": {
      "role": "consumer", "count": 5, "prefetch": 200, "ack_batch": 50, "stream_offset": "next"
    },
    "replay": {
      "role": "consumer", "prefetch": 500, "ack_batch": 100, "stream_offset": "first", "active": 0
    }
  },
  "phases": [
    {"name": "follow", "seconds": 4},
    {"name": "replay", "seconds": 8, "set": {"replay": {"active": 1}}}
  ]
})"},
    Preset{"wide-fanout", "each message goes to 200 queues",
           R"({
  "description": "A fanout exchange with two hundred queues, a consumer for each.",
  "queues": {"news": {"exchange": "fanout", "count": 200}},
  "clients": {
    "producer": {"role": "producer", "rate": 200, "size": 512},
    "consumers": {"role": "consumer", "count": 200, "prefetch": 100, "ack_batch": 10}
  },
  "phases": [
    {"name": "warm-up", "seconds": 1, "warmup": true},
    {"name": "steady", "seconds": 6},
    {"name": "burst", "seconds": 4, "set": {"producer": {"rate": 2000}}}
  ]
})"},
};

}  // namespace

std::span<const Preset> presets() { return preset_table; }

const Preset* find_preset(std::string_view name) {
  for (const Preset& preset : preset_table) {
    if (preset.name == name) return &preset;
  }
  return nullptr;
}

std::vector<std::string_view> preset_names() {
  std::vector<std::string_view> names;
  for (const Preset& preset : preset_table) names.push_back(preset.name);
  return names;
}

}  // namespace lepus::perf
