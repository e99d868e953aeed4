// lepus-perf: reads the command line, runs a mode or a command, prints errors. Exit code 0 when the
// run was completed, 1 otherwise.
#include <fmt/format.h>

#include <csignal>
#include <cstdio>
#include <exception>

#include "tools/perf/commands/commands.h"
#include "tools/perf/modes/modes.h"
#include "tools/perf/process.h"

namespace {

int run(int argc, char** argv) {
  if (const auto exit_code = lepus::perf::run_command(argc, argv)) return *exit_code;
  lepus::perf::Options options;
  if (const auto exit_code = lepus::perf::parse_options(argc, argv, options)) return *exit_code;
  lepus::perf::raise_file_limit();
  lepus::perf::catch_interrupts();
  lepus::perf::sample_process(options.pid);
  lepus::perf::write_report(options.output, lepus::perf::run_mode(options));
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  std::signal(SIGPIPE, SIG_IGN);
  try {
    return run(argc, argv);
  } catch (const std::exception& error) {
    fmt::print(stderr, "lepus-perf: {}\n", error.what());
    return 1;
  }
}
