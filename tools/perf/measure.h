// The measured part of a run: warm-up, then --duration seconds with a progress line each, then the
// totals. A run with a number of messages has no warm-up and ends when all are through.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "tools/perf/goal.h"
#include "tools/perf/modes/workers.h"
#include "tools/perf/options.h"
#include "tools/perf/process.h"
#include "tools/perf/stats.h"

namespace lepus::perf {

// One second of the run.
struct Interval {
  double end_s = 0;  // since the start of the measurement; negative or 0 in the warm-up
  double seconds = 0;
  StatsSnapshot stats;
  uint64_t broker_rss_kib = 0;  // at its end; 0 = not watched
};

// The queues of mode drain.
struct Drained {
  uint64_t waiting = 0;  // messages ready before
  uint64_t left = 0;     // and after
};

struct Measurement {
  double seconds = 0;
  StatsSnapshot total;
  ProcessSample broker_start;
  ProcessSample broker_end;
  uint64_t broker_rss_kib_max = 0;
  double own_cpu_us = 0;
  std::vector<Interval> intervals;
  std::optional<Drained> drained;
};

// What the counters mean in this mode, for progress and report.
struct ReportText {
  const char* unit;       // of Stats::delivered: "messages", "round trips", ...
  bool publishes = true;  // Stats::published counts something of its own
};

// False when the user interrupted. Looks up every 50 ms, so that a failed worker or Ctrl-C shows at
// once. Throws what stopped a worker.
bool wait_until(uint64_t time_ns, Workers& workers);

Measurement measure(const Options& options, Workers& workers, const ReportText& wording);
// Counts all that the workers have done since `start_ns`, until the goal is reached. PerfError when
// nothing has moved for 30 s.
struct GoalRun {
  Goal goal;
  uint64_t start_ns = 0;
};
Measurement measure_until(const Options& options, Workers& workers, const ReportText& wording,
                          const GoalRun& run);

}  // namespace lepus::perf
