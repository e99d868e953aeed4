// The modes of lepus-perf; each runs to its end and returns what it found. PerfError when it
// cannot.
#pragma once

#include "tools/perf/options.h"
#include "tools/perf/report.h"

namespace lepus::perf {

// The mode that the options name.
RunReport run_mode(const Options& options);

RunReport run_throughput(const Options& options);
RunReport run_drain(const Options& options);
RunReport run_rpc(const Options& options);
RunReport run_connections(const Options& options);
RunReport run_queues(const Options& options);
RunReport run_churn(const Options& options);

}  // namespace lepus::perf
