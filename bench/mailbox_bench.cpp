// What a command across shards costs: push and consume on one thread, between two threads, and the
// look at the sleep flag.
#include <benchmark/benchmark.h>

#include <atomic>
#include <thread>

#include "io/mailbox.h"
#include "io/wakeup.h"

namespace lepus::io {
namespace {

struct Command {  // The size of what shards send each other.
  std::uint64_t words[4];
};

void one_thread(benchmark::State& state) {
  SpscRing<Command> ring(1024);
  const auto batch = static_cast<std::uint64_t>(state.range(0));
  std::uint64_t sum = 0;
  for (auto _ : state) {
    for (std::uint64_t i = 0; i < batch; ++i) ring.try_push({{i, 0, 0, 0}});
    ring.consume(batch, [&sum](Command& command) { sum += command.words[0]; });
  }
  benchmark::DoNotOptimize(sum);
  state.SetItemsProcessed(state.iterations() * static_cast<std::int64_t>(batch));
}
BENCHMARK(one_thread)->Arg(1)->Arg(64);

void two_threads(benchmark::State& state) {
  SpscRing<Command> ring(1024);
  std::atomic<bool> stop{false};
  std::thread consumer([&] {
    while (!stop.load(std::memory_order_relaxed)) {
      if (ring.consume(64, [](Command& command) { benchmark::DoNotOptimize(command); }) == 0) {
        std::this_thread::yield();
      }
    }
  });
  std::uint64_t i = 0;
  for (auto _ : state) {
    while (!ring.try_push({{i, 0, 0, 0}})) std::this_thread::yield();
    ++i;
  }
  stop = true;
  consumer.join();
  state.SetItemsProcessed(state.iterations());
}
BENCHMARK(two_threads)->UseRealTime();

void look_at_awake_flag(benchmark::State& state) {
  SleepFlag flag;
  for (auto _ : state) benchmark::DoNotOptimize(flag.claim_wake());
}
BENCHMARK(look_at_awake_flag);

}  // namespace
}  // namespace lepus::io
