// Runs a scenario against a broker.
//
//   declare, fill → connect all clients → phases, one after the other → close, ask what is left
//                                                                     → delete
#pragma once

#include <string>
#include <vector>

#include "tools/perf/measure.h"
#include "tools/perf/options.h"
#include "tools/perf/report.h"
#include "tools/perf/scenario/scenario.h"

namespace lepus::perf {

struct GroupResult {
  StatsSnapshot total;              // of the measured phases
  StatsSnapshot all;                // connecting and warm-up included
  std::vector<Interval> intervals;  // of the measured phases
};

struct PhaseResult {
  double begin_s = 0;  // since the start
  double seconds = 0;
  std::vector<StatsSnapshot> groups;
};

struct ScenarioResult {
  BrokerInfo broker;
  double connect_s = 0;     // until all clients were connected
  Measurement measurement;  // all groups together, of the measured phases
  std::vector<GroupResult> groups;
  std::vector<PhaseResult> phases;  // those that were begun
  uint64_t left = 0;                // messages ready in the queues when all clients had gone
};

// Of the options: uri, frame_size_max, threads, spin, pid, keep and output. PerfError when the run
// cannot be completed.
ScenarioResult run_scenario(const Scenario& scenario, const Options& options);
RunReport report_scenario(const Scenario& scenario, const Options& options,
                          const ScenarioResult& result);

}  // namespace lepus::perf
