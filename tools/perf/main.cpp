// lepus-perf: reads the command line, runs one mode, prints errors. Exit code 0 when the run was
// completed, 1 otherwise.
#include <fmt/format.h>

#include <csignal>
#include <cstdio>
#include <exception>

#include "tools/perf/modes/modes.h"
#include "tools/perf/process.h"

namespace {

void run(const lepus::perf::Options& options) {
  using lepus::perf::Mode;
  switch (options.mode) {
    case Mode::throughput:
      return lepus::perf::run_throughput(options);
    case Mode::drain:
      return lepus::perf::run_drain(options);
    case Mode::rpc:
      return lepus::perf::run_rpc(options);
    case Mode::connections:
      return lepus::perf::run_connections(options);
    case Mode::queues:
      return lepus::perf::run_queues(options);
    case Mode::churn:
      return lepus::perf::run_churn(options);
  }
}

}  // namespace

int main(int argc, char** argv) {
  std::signal(SIGPIPE, SIG_IGN);
  try {
    lepus::perf::Options options;
    if (const auto exit_code = lepus::perf::parse_options(argc, argv, options)) return *exit_code;
    lepus::perf::raise_file_limit();
    lepus::perf::catch_interrupts();
    lepus::perf::sample_process(options.pid);
    run(options);
  } catch (const std::exception& error) {
    fmt::print(stderr, "lepus-perf: {}\n", error.what());
    return 1;
  }
  return 0;
}
