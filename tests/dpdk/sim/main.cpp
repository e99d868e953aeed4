// lepus-dpdk-sim: runs simulated worlds over the kernel bypass' stack, one for each seed, and
// counts those in which everything was true that has to be (world.h).
//
//   lepus-dpdk-sim --count 50 --seed-from COMMIT   planted mistakes, then so many seeds
//   lepus-dpdk-sim --seed N [--mistake K]          one of them, in this process
//
// Each world runs in a process of its own, twice: the second time the same has to happen, and the
// heap has to be what it was. The last line is `N passed, N failed`.
#include <fmt/format.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <cstring>

#include <CLI/CLI.hpp>

#include "tests/dpdk/sim/world.h"

namespace lepus::net::bypass::sim {
namespace {

constexpr unsigned world_seconds_max = 120;  ///< Of real time; a usual one takes a few tenths.
constexpr std::uint64_t seeds_per_mistake = 100;

Outcome run_here(std::uint64_t seed, Mistake mistake) {
  const std::size_t kept_by_stacks = run_empty_world().heap_growth;
  Outcome first = run_world(seed, mistake);
  if (!first.wrong.empty() || mistake != Mistake::none) return first;
  Outcome second = run_world(seed, mistake);
  if (second.trace != first.trace) second.wrong = "two runs of this seed differ";
  if (second.wrong.empty() && second.heap_growth != kept_by_stacks)
    second.wrong =
        fmt::format("{} bytes of memory are not given back", second.heap_growth - kept_by_stacks);
  return second;
}

/// What happened in a world, in the order of counter_names.
constexpr std::size_t counter_count = 12;
using Counts = std::array<std::uint64_t, counter_count>;
constexpr std::array<const char*, counter_count> counter_names = {
    "connections",      "bytes",
    "frames",           "lost",
    "doubled",          "late",
    "damaged",          "cut short",
    "lost by the link", "lost for want of frames",
    "sent again",       "ends cut off"};

Counts counts_of(const Outcome& outcome) {
  const LinkCounts& link = outcome.link;
  return {outcome.connections, outcome.bytes, link.sent,           link.lost,
          link.doubled,        link.late,     link.damaged,        link.cut,
          link.link_down,      link.no_frame, outcome.retransmits, outcome.cut_off};
}

/// In the child: plain numbers through a pipe.
[[noreturn]] void be_child(int fd, std::uint64_t seed, Mistake mistake) {
  alarm(world_seconds_max);
  if (mistake != Mistake::none) (void)!std::freopen("/dev/null", "w", stderr);
  const Outcome outcome = run_here(seed, mistake);
  std::string text = outcome.wrong.empty() ? "1" : "0";
  for (const std::uint64_t one : counts_of(outcome)) text += fmt::format(" {}", one);
  text += "\n" + outcome.wrong;
  const ssize_t written = write(fd, text.data(), text.size());
  _exit(written == static_cast<ssize_t>(text.size()) ? 0 : 1);
}

struct Result {
  std::string wrong;
  Counts counts{};
};

Result run_apart(std::uint64_t seed, Mistake mistake) {
  int ends[2];
  CHECK(pipe(ends) == 0);
  std::fflush(stdout);
  const pid_t child = fork();
  CHECK(child >= 0);
  if (child == 0) {
    close(ends[0]);
    be_child(ends[1], seed, mistake);
  }
  close(ends[1]);
  std::string text;
  char buffer[4096];
  for (ssize_t size = 0; (size = read(ends[0], buffer, sizeof buffer)) > 0;)
    text.append(buffer, static_cast<std::size_t>(size));
  close(ends[0]);
  int status = 0;
  CHECK(waitpid(child, &status, 0) == child);
  Result result;
  if (WIFSIGNALED(status)) {
    result.wrong = WTERMSIG(status) == SIGALRM
                       ? fmt::format("hangs ({} s of real time)", world_seconds_max)
                       : fmt::format("crashed with signal {}", WTERMSIG(status));
    return result;
  }
  if (text.empty()) return {fmt::format("ended with status {} and no result", status), {}};
  char* cursor = text.data();
  const bool passed = std::strtoull(cursor, &cursor, 10) == 1;
  for (std::uint64_t& one : result.counts) one = std::strtoull(cursor, &cursor, 10);
  if (!passed) result.wrong = text.substr(text.find('\n') + 1);
  return result;
}

class Runs {
 public:
  void seed(std::uint64_t seed) {
    const Result result = run_apart(seed, Mistake::none);
    for (std::size_t i = 0; i < counter_count; ++i) sums_[i] += result.counts[i];
    count(result.wrong.empty());
    if (!result.wrong.empty())
      fmt::print("FAILED seed {}: {}\n  repeat: lepus-dpdk-sim --seed {}\n", seed, result.wrong,
                 seed);
  }
  /// One of a few seeds has to notice it, which without it finds nothing. A crash notices, too.
  void planted(Mistake mistake) {
    const std::string_view name = mistake_names[static_cast<std::size_t>(mistake)];
    for (std::uint64_t seed = 1; seed <= seeds_per_mistake; ++seed) {
      const Result result = run_apart(seed, mistake);
      if (result.wrong.empty() || !run_apart(seed, Mistake::none).wrong.empty()) continue;
      fmt::print("planted {:13} noticed with seed {}: {}\n", name, seed, result.wrong);
      return count(true);
    }
    fmt::print("FAILED planted {}: not noticed by {} seeds\n", name, seeds_per_mistake);
    count(false);
  }
  /// What never happened was not tested.
  void check_counts() {
    for (std::size_t i = 0; i < counter_count; ++i) {
      fmt::print("{}{} {}", i == 0 ? "" : ", ", sums_[i], counter_names[i]);
      if (sums_[i] > 0) continue;
      fmt::print("\nFAILED: no {} in all of these seeds", counter_names[i]);
      count(false);
    }
    fmt::print("\n");
  }
  int end() const {
    fmt::print("{} passed, {} failed\n", passed_, failed_);
    return failed_ == 0 ? 0 : 1;
  }

 private:
  void count(bool passed) { ++(passed ? passed_ : failed_); }

  std::uint64_t passed_ = 0;
  std::uint64_t failed_ = 0;
  Counts sums_{};
};

struct Options {
  std::uint64_t count = 40;
  std::string seed_from = "1";
  std::uint64_t seed = 0;
  int mistake = 0;
};

int run_one(const Options& options) {
  const Outcome outcome = run_here(options.seed, static_cast<Mistake>(options.mistake));
  fmt::print("seed {}: {}\ntrace {:016x}", options.seed,
             outcome.wrong.empty() ? "nothing is wrong" : outcome.wrong, outcome.trace);
  const Counts counts = counts_of(outcome);
  for (std::size_t i = 0; i < counter_count; ++i)
    fmt::print(", {} {}", counts[i], counter_names[i]);
  fmt::print("\n{} passed, {} failed\n", outcome.wrong.empty() ? 1 : 0,
             outcome.wrong.empty() ? 0 : 1);
  return outcome.wrong.empty() ? 0 : 1;
}

int run_many(const Options& options) {
  constexpr std::uint64_t enough_for_all = 30;
  Runs runs;
  for (int i = 1; i < static_cast<int>(Mistake::count); ++i) runs.planted(static_cast<Mistake>(i));
  const std::uint64_t first = std::strtoull(options.seed_from.substr(0, 12).c_str(), nullptr, 16);
  for (std::uint64_t i = 0; i < options.count; ++i) runs.seed(first + i);
  if (options.count >= enough_for_all) runs.check_counts();
  return runs.end();
}

int main_of(int count, char** arguments) {
  CLI::App app{"Deterministic simulation of the kernel bypass' stack"};
  Options options;
  app.add_option("--count", options.count, "number of seeds");
  app.add_option("--seed-from", options.seed_from, "hexadecimal: the first of them");
  auto* seed = app.add_option("--seed", options.seed, "run only this world");
  app.add_option("--mistake", options.mistake, "with --seed: plant this mistake (1..)");
  CLI11_PARSE(app, count, arguments);
  return seed->count() > 0 ? run_one(options) : run_many(options);
}

/// A heap without caches of threads: what is in use is what was not given back.
void count_heap_exactly(char** arguments) {
  constexpr const char* name = "GLIBC_TUNABLES";
  constexpr const char* value = "glibc.malloc.tcache_count=0";
  const char* const is = std::getenv(name);
  if (is != nullptr && std::strstr(is, value) != nullptr) return;
  CHECK(setenv(name, value, 1) == 0);
  (void)execv("/proc/self/exe", arguments);
  CHECK(false);
}

}  // namespace
}  // namespace lepus::net::bypass::sim

int main(int count, char** arguments) {
  lepus::net::bypass::sim::count_heap_exactly(arguments);
  return lepus::net::bypass::sim::main_of(count, arguments);
}
