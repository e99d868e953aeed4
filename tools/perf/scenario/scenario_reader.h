// Scenarios from JSON. See docs/operations/load-testing.md for the format, presets.h for examples.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "tools/perf/scenario/scenario.h"

namespace lepus::perf {

// "group.key" and a value in JSON, put in place of what the file says.
using Overrides = std::vector<std::pair<std::string, std::string>>;

struct ReadOptions {
  std::string prefix = "perf";  // of queue names
  Overrides overrides;
  double time_scale = 1;  // phases are so many times as long
};

// PerfError that names `file`, the place and the key.
Scenario read_scenario(const std::string& file, const std::string& text,
                       const ReadOptions& options);
// What `run` accepts: a file, or the name of a preset. PerfError with the nearest name.
Scenario load_scenario(const std::string& file_or_name, const ReadOptions& options);

}  // namespace lepus::perf
