// Results as `--json` and `sweep` write them, read back for reports and comparisons.
#pragma once

#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace lepus::perf {

struct ResultInterval {
  double end_s = 0;
  double published_per_s = 0;
  double delivered_per_s = 0;
  double latency_p50_us = 0;  // 0 = no samples
  double latency_p99_us = 0;
  double broker_rss_kib = 0;  // 0 = not watched
};

// A phase of a scenario, or a group of its clients.
struct ResultPart {
  std::string name;
  double begin_s = 0;  // phases only
  double published_per_s = 0;
  double delivered_per_s = 0;
  double operations_per_s = 0;
  double latency_p50_us = 0;
  double latency_p99_us = 0;
};

struct Result {
  std::string target;  // which broker: the name in a sweep, else product and version
  std::string cell;    // what was measured: "size=64 producers=1", or a mode or scenario
  std::string error;   // why there is no result; empty when there is one
  // By name, as in the JSON, latencies as "latency_us.p99". Those that are there.
  std::vector<std::pair<std::string, double>> metrics;
  std::vector<ResultInterval> intervals;
  std::vector<std::pair<double, double>> distribution;  // microseconds, fraction at or below
  std::vector<ResultPart> phases;
  std::vector<ResultPart> groups;

  std::optional<double> metric(std::string_view name) const;
};

struct ResultFile {
  std::string path;
  bool is_sweep = false;
  std::vector<Result> results;  // repetitions are results of the same target and cell

  // The last part of the path without ".json".
  std::string label() const;
  std::vector<std::string> targets() const;  // each once, in their order
  std::vector<std::string> cells() const;
  std::vector<const Result*> of(std::string_view target, std::string_view cell) const;
};

// PerfError that names the file when it is no result of this program.
ResultFile read_result_file(const std::string& path);
ResultFile read_results(const std::string& path, const std::string& text);

}  // namespace lepus::perf
