// What a sweep measures: every combination of the values of its axes, on every target, several
// times. An axis is an option with a list of values ("--size 64,1024"), or a key of a scenario's
// clients ("--producers.count 1,4").
//
// Targets alternate within a repetition and change their order from one to the next, so that what
// changes on the machine meanwhile meets all of them.
#pragma once

#include <string>
#include <utility>
#include <vector>

namespace lepus::perf {

struct SweepTarget {
  std::string name;
  std::string uri;
};

struct SweepAxisValues {
  std::string name;  // without dashes
  std::vector<std::string> values;
};

struct SweepCommandLine {
  std::vector<SweepTarget> targets;
  std::vector<SweepAxisValues> axes;
  std::string subject;               // mode or scenario; "throughput" when none is named
  std::vector<std::string> options;  // what all cells have in common
  unsigned repetitions = 1;
  double pause_s = 0;  // between two runs
  std::string json_path;
  bool is_quiet = false;
  bool wants_help = false;
};

// PerfError that names the option.
SweepCommandLine read_sweep_command_line(const std::vector<std::string>& arguments);

// One run of the sweep.
struct SweepCell {
  std::vector<std::pair<std::string, std::string>> values;  // by axis
  size_t target = 0;
  unsigned repetition = 0;  // from 1
};
// In the order in which they are measured.
std::vector<SweepCell> plan_sweep(const SweepCommandLine& line);

}  // namespace lepus::perf
