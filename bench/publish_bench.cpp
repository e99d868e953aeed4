// What a publish costs a shard from its bytes to the queue: frames, assembler, access, route,
// message. Fake sockets, real connections and broker. With one key the kept route stands for the
// question of access; with changing keys each message is routed and asked for.
//
// Instructions a message, without noise:
//   valgrind --tool=callgrind --toggle-collect='lepus::amqp::Connection::on_bytes*'
//     build/release/bench-publish_bench --benchmark_filter=same/ --benchmark_min_time=0
#include <benchmark/benchmark.h>

#include <string>

#include "bench/fake_client.h"

namespace {

using namespace lepus;
using namespace lepus::amqp;

constexpr std::size_t burst = 1'000;

void run(benchmark::State& state, std::string_view exchange, std::size_t key_count) {
  bench::FakeClient client;
  std::string bytes;
  for (std::size_t i = 0; i < burst; ++i) {
    const std::string key = "some.key." + std::to_string(i % key_count);
    bench::add_method(bytes, BasicPublish{exchange, key, false, false});
    bench::add_content(bytes, "a body of a few bytes");
  }
  for (auto _ : state) client.send(bytes);
  state.SetItemsProcessed(static_cast<std::int64_t>(state.iterations() * burst));
}

/// Nothing is bound: the message is made, routed to nobody and freed.
void same(benchmark::State& state, std::string_view exchange) { run(state, exchange, 1); }
void changing(benchmark::State& state, std::string_view exchange) { run(state, exchange, 2); }

BENCHMARK_CAPTURE(same, direct, "amq.direct");
BENCHMARK_CAPTURE(changing, direct, "amq.direct");
BENCHMARK_CAPTURE(changing, topic, "amq.topic");

}  // namespace
