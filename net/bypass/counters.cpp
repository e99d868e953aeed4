// The names of counters, and where their values come from.
#include "net/bypass/counters.h"

#include <numeric>

namespace lepus::net::bypass {
namespace {

constexpr std::string_view dropped = "dropped_frames_total";
constexpr std::string_view copied = "copied_bytes_total";
constexpr std::string_view dropped_help =
    "Frames that were not taken or did not leave, and connections that had to give way, by reason";
constexpr std::string_view copied_help = "Bytes that were copied, by the place where";

constexpr std::array<CounterFacts, counters> facts = {{
    {"frames_in", "received_frames_total", {}, {}, "Frames that came"},
    {"bytes_in", "received_bytes_total", {}, {}, "Bytes of the frames that came"},
    {"frames_out", "sent_frames_total", {}, {}, "Frames that left"},
    {"bytes_out", "sent_bytes_total", {}, {}, "Bytes of the frames that left"},
    {"dropped_short", dropped, "reason", "short", dropped_help},
    {"dropped_other_protocol", dropped, "reason", "other_protocol"},
    {"dropped_other_vlan", dropped, "reason", "other_vlan"},
    {"dropped_fragment", dropped, "reason", "fragment"},
    {"dropped_options", dropped, "reason", "options"},
    {"dropped_other_target", dropped, "reason", "other_target"},
    {"dropped_bad_source", dropped, "reason", "bad_source"},
    {"dropped_bad_checksum", dropped, "reason", "bad_checksum"},
    {"dropped_no_listener", dropped, "reason", "no_listener"},
    {"dropped_half_open", dropped, "reason", "half_open"},
    {"dropped_scattered", dropped, "reason", "scattered"},
    {"dropped_no_memory", dropped, "reason", "no_memory"},
    {"dropped_no_frame", dropped, "reason", "no_frame"},
    {"dropped_ring_full", dropped, "reason", "ring_full"},
    {"waits_ring_full",
     "ring_full_waits_total",
     {},
     {},
     "Times that output waited because the device took no more"},
    {"retransmits", "retransmitted_segments_total", {}, {}, "Segments that were sent once more"},
    {"resets_kept_back",
     "kept_back_resets_total",
     {},
     {},
     "Segments of unknown connections that may be another shard's"},
    {"accepted", "accepted_connections_total", {}, {}, "Connections that clients opened"},
    {"connections", "connections", {}, {}, "Connections that are open", true},
    {"half_open", "half_open_connections", {}, {}, "Connections not yet answered", true},
    {"frames", "frames", {}, {}, "Frames there are in a shard's pool", true},
    {"frames_used", "used_frames", {}, {}, "Frames of the pool that are in use", true},
    {"copied_input_scarce", copied, "place", "input_scarce", copied_help},
    {"copied_input_held", copied, "place", "input_held"},
    {"copied_output", copied, "place", "output"},
    {"held_bytes", "held_bytes", {}, {}, "Bytes of clients that wait to be taken", true},
}};

struct FateCounter {
  FrameFate fate;
  Counter counter;
};
constexpr std::array fate_counters = {
    FateCounter{FrameFate::short_frame, Counter::dropped_short},
    FateCounter{FrameFate::other_protocol, Counter::dropped_other_protocol},
    FateCounter{FrameFate::other_vlan, Counter::dropped_other_vlan},
    FateCounter{FrameFate::fragment, Counter::dropped_fragment},
    FateCounter{FrameFate::options, Counter::dropped_options},
    FateCounter{FrameFate::other_target, Counter::dropped_other_target},
    FateCounter{FrameFate::bad_source, Counter::dropped_bad_source},
    FateCounter{FrameFate::no_memory, Counter::dropped_no_memory},
};

}  // namespace

const std::array<CounterFacts, counters>& counter_facts() { return facts; }

CounterValues CounterBoard::read() const {
  CounterValues values{};
  for (std::size_t i = 0; i < counters; ++i) values[i] = values_[i].load(std::memory_order_relaxed);
  return values;
}

void write_counters(const StackStats& stack, const PortCounts& port, CounterBoard& board) {
  board.set(Counter::frames_in,
            std::accumulate(stack.frames_in.begin(), stack.frames_in.end(), port.scattered));
  board.set(Counter::bytes_in, stack.bytes_in);
  board.set(Counter::frames_out, stack.frames_out);
  board.set(Counter::bytes_out, stack.bytes_out);
  for (const FateCounter& one : fate_counters)
    board.set(one.counter, stack.frames_in[static_cast<std::size_t>(one.fate)]);
  board.set(Counter::dropped_bad_checksum, stack.bad_checksums);
  board.set(Counter::dropped_no_listener, stack.no_listener);
  board.set(Counter::dropped_half_open, stack.half_open_dropped);
  board.set(Counter::dropped_scattered, port.scattered);
  board.set(Counter::dropped_no_frame, port.no_frame);
  board.set(Counter::dropped_ring_full, port.dropped);
  board.set(Counter::waits_ring_full, port.ring_full);
  board.set(Counter::retransmits, stack.retransmits);
  board.set(Counter::resets_kept_back, stack.resets_kept_back);
  board.set(Counter::accepted, stack.connections_accepted);
  board.set(Counter::connections, stack.connections_open);
  board.set(Counter::half_open, stack.connections_half_open);
  board.set(Counter::frames, port.frames);
  board.set(Counter::frames_used, port.frames_used);
  board.set(Counter::copied_input_scarce, stack.copied_in_bytes);
  board.set(Counter::copied_output, stack.bytes_out);
}

}  // namespace lepus::net::bypass
