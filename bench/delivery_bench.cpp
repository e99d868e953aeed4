// What a message costs a shard from the publisher's bytes through a queue to the consumer's, and
// its acknowledgement: frames, route, queue, session, writer. Fake sockets, real connections and
// broker.
//
// Instructions a message, without noise (those of the fake sockets among them):
//   valgrind --tool=callgrind --toggle-collect='lepus::bench::FakeClient::send*'
//     build/release/bench-delivery_bench --benchmark_filter=single_acks --benchmark_min_time=0
#include <benchmark/benchmark.h>

#include <string>

#include "bench/fake_client.h"

namespace {

using namespace lepus;
using namespace lepus::amqp;
using bench::add_content;
using bench::add_method;

constexpr std::size_t burst = 1'000;
constexpr std::string_view queue = "some.queue";

std::string published() {
  std::string bytes;
  for (std::size_t i = 0; i < burst; ++i) {
    add_method(bytes, BasicPublish{"", queue, false, false});
    add_content(bytes, "a body of a few bytes");
  }
  return bytes;
}

void consume(bench::FakeClient& client, bool no_ack) {
  std::string bytes;
  QueueDeclare declare;
  declare.queue = queue;
  add_method(bytes, declare);
  add_method(bytes, BasicQos{0, burst, false});
  BasicConsume consume;
  consume.queue = queue;
  consume.consumer_tag = "some.tag";
  consume.no_ack = no_ack;
  add_method(bytes, consume);
  client.send(bytes);
}

void check_delivered(benchmark::State& state, const bench::FakeClient& client) {
  if (client.received() < burst * queue.size()) state.SkipWithError("deliveries are missing");
}

void auto_ack(benchmark::State& state) {
  bench::FakeClient client;
  consume(client, true);
  const std::string bytes = published();
  for (auto _ : state) {
    client.send(bytes);
    check_delivered(state, client);
  }
  state.SetItemsProcessed(static_cast<std::int64_t>(state.iterations() * burst));
}

/// `acks_each`: messages that one basic.ack acknowledges.
void acks(benchmark::State& state, std::size_t acks_each) {
  bench::FakeClient client;
  consume(client, false);
  const std::string bytes = published();
  std::uint64_t tag = 0;
  for (auto _ : state) {
    client.send(bytes);
    check_delivered(state, client);
    std::string acks;
    for (std::size_t i = 0; i < burst; i += acks_each)
      add_method(acks, BasicAck{tag += acks_each, acks_each > 1});
    client.send(acks);
  }
  state.SetItemsProcessed(static_cast<std::int64_t>(state.iterations() * burst));
}

void single_acks(benchmark::State& state) { acks(state, 1); }
void multiple_acks(benchmark::State& state) { acks(state, 10); }

BENCHMARK(auto_ack);
BENCHMARK(single_acks);
BENCHMARK(multiple_acks);

}  // namespace
