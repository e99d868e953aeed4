// The measured part of a run: warm-up, then --duration seconds with a progress line each, then the
// totals.
#pragma once

#include <string>
#include <vector>

#include "tools/perf/options.h"
#include "tools/perf/process.h"
#include "tools/perf/stats.h"
#include "tools/perf/workers.h"

namespace lepus::perf {

// One second of the run.
struct Interval {
  double end_s = 0;  // since the start of the measurement; negative or 0 in the warm-up
  double seconds = 0;
  StatsSnapshot stats;
};

struct Measurement {
  double seconds = 0;
  StatsSnapshot total;
  ProcessSample broker_start;
  ProcessSample broker_end;
  uint64_t broker_rss_kib_max = 0;
  double own_cpu_us = 0;
  std::vector<Interval> intervals;
};

// What the counters mean in this mode, for progress and report.
struct Wording {
  const char* unit;       // of Stats::delivered: "messages", "round trips", ...
  bool publishes = true;  // Stats::published counts something of its own
};

Measurement measure(const Options& options, Workers& workers, const Wording& wording);

}  // namespace lepus::perf
