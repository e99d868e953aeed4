// The modes of lepus-perf; each runs to its end and writes its report. PerfError when it cannot.
#pragma once

#include "tools/perf/options.h"

namespace lepus::perf {

void run_throughput(const Options& options);
void run_drain(const Options& options);
void run_rpc(const Options& options);
void run_connections(const Options& options);
void run_queues(const Options& options);
void run_churn(const Options& options);

}  // namespace lepus::perf
