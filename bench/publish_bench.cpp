// What a publish costs a shard from its bytes to the queue: frames, assembler, access, route,
// message. Fake sockets, real connections and broker. With one key the kept route stands for the
// question of access; with changing keys each message is routed and asked for.
//
// Instructions a message, without noise:
//   valgrind --tool=callgrind --toggle-collect='lepus::amqp::Connection::on_bytes*'
//     build/release/bench-publish_bench --benchmark_filter=same/ --benchmark_min_time=0
#include <benchmark/benchmark.h>

#include <string>

#include "tests/unit/net/amqp/broker_world.h"

namespace {

using namespace lepus;
using namespace lepus::amqp;

constexpr std::size_t burst = 1'000;

template <class Method>
void add(std::string& out, std::uint16_t channel, const Method& method) {
  std::vector<std::uint8_t> bytes(method_frame_size(method));
  store_method_frame(bytes.data(), channel, method);
  out.append(reinterpret_cast<const char*>(bytes.data()), bytes.size());
}

void add_content(std::string& out, std::string_view body) {
  constexpr std::uint8_t no_properties[2] = {0, 0};
  const ContentHeaderFields fields{class_basic, body.size(), no_properties};
  std::vector<std::uint8_t> bytes(content_header_frame_size(fields) + body.size() + frame_overhead);
  store_content_header_frame(bytes.data(), 1, fields);
  std::uint8_t* at = bytes.data() + content_header_frame_size(fields);
  at = store_frame_header(at, {FrameType::body, 1, core::as_bytes(body)});
  store_frame_end(core::store_bytes(at, core::as_bytes(body)));
  out.append(reinterpret_cast<const char*>(bytes.data()), bytes.size());
}

struct Publisher {
  Publisher() : link(world.connect()) {
    std::string hello{"AMQP\0\0\x09\x01", 8};
    add(hello, 0, ConnectionStartOk{{}, "PLAIN", std::string_view{"\0guest\0guest", 12}, "en_US"});
    add(hello, 0, ConnectionTuneOk{2047, 131'072, 0});
    add(hello, 0, ConnectionOpen{"/"});
    add(hello, 1, ChannelOpen{});
    send(hello);
  }
  void send(const std::string& bytes) {
    link->to_server.insert(link->to_server.end(), bytes.begin(), bytes.end());
    world.settle();
    link->from_server.clear();
  }
  void run(benchmark::State& state, std::string_view exchange, std::size_t key_count) {
    std::string bytes;
    for (std::size_t i = 0; i < burst; ++i) {
      const std::string key = "some.key." + std::to_string(i % key_count);
      add(bytes, 1, BasicPublish{exchange, key, false, false});
      add_content(bytes, "a body of a few bytes");
    }
    for (auto _ : state) send(bytes);
    state.SetItemsProcessed(static_cast<std::int64_t>(state.iterations() * burst));
  }

  amqp::test::BrokerWorld world{{}};
  std::shared_ptr<amqp::test::Link> link;
};

/// Nothing is bound: the message is made, routed to nobody and freed.
void same(benchmark::State& state, std::string_view exchange) {
  Publisher{}.run(state, exchange, 1);
}
void changing(benchmark::State& state, std::string_view exchange) {
  Publisher{}.run(state, exchange, 2);
}

BENCHMARK_CAPTURE(same, direct, "amq.direct");
BENCHMARK_CAPTURE(changing, direct, "amq.direct");
BENCHMARK_CAPTURE(changing, topic, "amq.topic");

}  // namespace
