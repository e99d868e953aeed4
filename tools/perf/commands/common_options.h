// Options that several commands share, and how their command lines are read.
#pragma once

#include <CLI/CLI.hpp>

#include <optional>
#include <string>

#include "tools/perf/options.h"

namespace lepus::perf {

// Which broker, how many threads, where results go. Read into `options` by parse_command().
struct CommonOptions {
  Options options;
  std::string uri = "amqp://guest:guest@127.0.0.1:5672/";
};
void add_run_options(CLI::App& app, CommonOptions& common);
// Parses; the exit code when there is nothing to run, since help was asked for or an error shown.
std::optional<int> parse_command(CLI::App& app, int argc, char** argv);
// What every run does before it begins: limits, signals, a look at the broker's process. Without
// --pid a broker of this machine is found by its port.
void prepare_run(CommonOptions& common);

}  // namespace lepus::perf
