// lepus-sim: runs simulated worlds, one per seed, and counts those that kept every promise.
//
//   lepus-sim --seconds 60 --seed-from COMMIT   kept seeds, planted mistakes, then new seeds
//   lepus-sim --seed N [--verbose]              one world, in this process
//   lepus-sim --self-test                       only the planted mistakes
//
// Each world runs in a process of its own, so that a failed CHECK or a hang costs one world and
// names its seed. The last line is `N passed, N failed`.
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <string>
#include <vector>

#include <CLI/CLI.hpp>

#include "tests/sim/world.h"

namespace lepus::sim {
namespace {

constexpr unsigned world_seconds_max =
    60;  ///< Of real time; a usual world takes a few milliseconds.
constexpr std::uint64_t seeds_per_mistake = 2000;
constexpr std::uint64_t repeat_every = 25;

struct Totals {
  std::size_t passed = 0;
  std::size_t failed = 0;
  std::size_t messages = 0;
  std::size_t actions = 0;
};

struct Result {
  bool passed = false;
  std::string verdict;
  std::uint64_t hash = 0;
  std::uint64_t messages = 0;
  std::uint64_t actions = 0;
  std::uint64_t mistakes = 0;
};

Result run_here(std::uint64_t seed, Mistake mistake, bool verbose) {
  World world(seed, mistake, verbose);
  const Outcome outcome = world.run();
  return {outcome.passed,   outcome.verdict, outcome.hash,
          outcome.messages, outcome.actions, outcome.mistakes};
}

/// In the child: writes the result to `fd`.
[[noreturn]] void be_child(int fd, std::uint64_t seed, Mistake mistake) {
  alarm(world_seconds_max);
  if (mistake != Mistake::none) (void)!std::freopen("/dev/null", "w", stderr);
  const Result result = run_here(seed, mistake, false);
  const std::string text =
      fmt::format("{} {} {} {} {}\n{}", result.passed ? 1 : 0, result.hash, result.messages,
                  result.actions, result.mistakes, result.verdict);
  const ssize_t written = write(fd, text.data(), text.size());
  _exit(written == static_cast<ssize_t>(text.size()) ? 0 : 1);
}

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
    result.verdict = WTERMSIG(status) == SIGALRM
                         ? fmt::format("hangs ({} s of real time)", world_seconds_max)
                         : fmt::format("crashed with signal {}", WTERMSIG(status));
    return result;
  }
  unsigned long long hash = 0, messages = 0, actions = 0, mistakes = 0;
  int passed = 0;
  if (std::sscanf(text.c_str(), "%d %llu %llu %llu %llu", &passed, &hash, &messages, &actions,
                  &mistakes) != 5) {
    result.verdict = fmt::format("ended with status {} and no result", status);
    return result;
  }
  result = {passed == 1, text.substr(text.find('\n') + 1), hash, messages, actions, mistakes};
  return result;
}

/// Every so often the same seed twice: the trace must be the same.
void run_seed(std::uint64_t seed, bool twice, Totals& totals) {
  Result result = run_apart(seed, Mistake::none);
  totals.messages += result.messages;
  totals.actions += result.actions;
  if (result.passed && twice) {
    const Result again = run_apart(seed, Mistake::none);
    if (again.hash != result.hash) {
      result.passed = false;
      result.verdict = "two runs of this seed differ";
    }
  }
  ++(result.passed ? totals.passed : totals.failed);
  if (!result.passed)
    std::printf("FAILED seed %llu: %s\n  repeat: lepus-sim --seed %llu --verbose\n",
                static_cast<unsigned long long>(seed), result.verdict.c_str(),
                static_cast<unsigned long long>(seed));
}

/// Each planted mistake must be noticed by at least one of a few seeds. A crash counts: a CHECK
/// noticed it.
void self_test(Totals& totals) {
  for (int i = 1; i < static_cast<int>(Mistake::count); ++i) {
    const auto mistake = static_cast<Mistake>(i);
    std::uint64_t seed = 1;
    Result result;
    for (; seed <= seeds_per_mistake; ++seed) {
      result = run_apart(seed, mistake);
      if (!result.passed && run_apart(seed, Mistake::none).passed) break;
      result.passed = true;
    }
    const bool noticed = !result.passed;
    ++(noticed ? totals.passed : totals.failed);
    const std::string name{name_of(mistake)};
    if (noticed) {
      std::printf("planted %-22s noticed with seed %llu: %s\n", name.c_str(),
                  static_cast<unsigned long long>(seed), result.verdict.c_str());
    } else {
      std::printf("FAILED planted %s: not noticed by %llu seeds\n", name.c_str(),
                  static_cast<unsigned long long>(seeds_per_mistake));
    }
  }
}

std::vector<std::uint64_t> kept_seeds() {
  std::vector<std::uint64_t> seeds;
  std::ifstream file(LEPUS_SIM_SEEDS);
  for (std::string line; std::getline(file, line);) {
    if (!line.empty() && line[0] != '#') seeds.push_back(std::strtoull(line.c_str(), nullptr, 10));
  }
  return seeds;
}

struct Options {
  double seconds = 20;
  std::uint64_t seed = 0;
  std::uint64_t count = 0;
  std::string seed_from = "1";
  bool verbose = false;
  bool self_test_only = false;
  int mistake = 0;
};

int run_one(const Options& options) {
  alarm(10 * world_seconds_max);
  const Result result =
      run_here(options.seed, static_cast<Mistake>(options.mistake), options.verbose);
  std::printf("seed %llu: %s\ntrace %016llx, %llu messages, %llu actions\n%d passed, %d failed\n",
              static_cast<unsigned long long>(options.seed),
              result.passed ? "all promises kept" : result.verdict.c_str(),
              static_cast<unsigned long long>(result.hash),
              static_cast<unsigned long long>(result.messages),
              static_cast<unsigned long long>(result.actions), result.passed ? 1 : 0,
              result.passed ? 0 : 1);
  return result.passed ? 0 : 1;
}

int run_many(const Options& options) {
  Totals totals;
  const auto started = std::chrono::steady_clock::now();
  if (!options.self_test_only)
    for (const std::uint64_t seed : kept_seeds()) run_seed(seed, false, totals);
  if (options.self_test_only || options.count == 0) self_test(totals);
  const std::uint64_t first = std::strtoull(options.seed_from.substr(0, 12).c_str(), nullptr, 16);
  const std::size_t before = totals.passed + totals.failed;
  for (std::uint64_t i = 0; !options.self_test_only; ++i) {
    const std::chrono::duration<double> spent = std::chrono::steady_clock::now() - started;
    if (options.count > 0 ? i >= options.count : spent.count() >= options.seconds) break;
    run_seed(first + i, i % repeat_every == 0, totals);
  }
  std::printf("%zu new seeds from %llu, %zu messages, %zu actions\n",
              totals.passed + totals.failed - before, static_cast<unsigned long long>(first),
              totals.messages, totals.actions);
  std::printf("%zu passed, %zu failed\n", totals.passed, totals.failed);
  return totals.failed == 0 ? 0 : 1;
}

int main_of(int argc, char** argv) {
  CLI::App app{"Deterministic simulation of the broker"};
  Options options;
  app.add_option("--seconds", options.seconds, "real time for new seeds");
  app.add_option("--count", options.count, "number of new seeds, in place of a time");
  auto* seed = app.add_option("--seed", options.seed, "run only this world");
  app.add_option("--seed-from", options.seed_from, "hexadecimal: the first of the new seeds");
  app.add_option("--mistake", options.mistake, "with --seed: plant this mistake (1..)");
  app.add_flag("--verbose", options.verbose, "with --seed: print the trace");
  app.add_flag("--self-test", options.self_test_only, "only the planted mistakes");
  CLI11_PARSE(app, argc, argv);
  return seed->count() > 0 ? run_one(options) : run_many(options);
}

}  // namespace
}  // namespace lepus::sim

int main(int argc, char** argv) { return lepus::sim::main_of(argc, argv); }
