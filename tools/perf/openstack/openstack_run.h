// The OpenStack preset: how a broker bears the agents of a cloud.
//
//   connect and declare → calls → [restart of the broker → all are back → calls] → last answers
//                       → delete all
#pragma once

#include <string>
#include <vector>

#include "tools/perf/measure.h"
#include "tools/perf/openstack/call_table.h"
#include "tools/perf/options.h"
#include "tools/perf/process.h"
#include "tools/perf/report.h"

namespace lepus::perf {

struct OpenstackOptions {
  Options common;  // uri, prefix, pid, spin, output, body_size, rate_per_s, duration_s
  unsigned agents = 2000;
  double connects_per_s = 2000;
  double cast_rate_per_s = 1;   // messages to all agents
  double call_timeout_s = 10;   // after it a call is lost
  double connect_limit_s = 60;  // what connecting and declaring may take
  std::string restart_command;  // empty: no restart
  bool keep = false;            // leaves the queues
};

// A time of calls, from its first to its last.
struct CallPhase {
  std::string name;
  double begin_s = 0;  // since the start of the run
  double seconds = 0;
  CallCounts calls;
  uint64_t unsent = 0;
  uint64_t lost_connections = 0;
  HistogramCounts latency;
};

struct ConnectPhase {
  double seconds = 0;  // until all were connected and had declared all
  uint64_t declares = 0;
  HistogramCounts connect_latency;
  ProcessSample broker;  // at its end
};

struct OpenstackResult {
  BrokerInfo broker;
  ProcessSample broker_before;
  ConnectPhase connect;
  std::vector<CallPhase> phases;
  bool has_restarted = false;
  int restart_exit_code = 0;
  ConnectPhase reconnect;  // since the restart command was started
  ProcessSample broker_end;
  CallCounts calls;  // in all
  uint64_t fanout_received = 0;
  uint64_t returned = 0;
  uint64_t nacked = 0;
  uint64_t lost_connections = 0;
  std::string last_error;  // of a lost connection
  double own_cpu_us = 0;
  std::vector<Interval> intervals;
};

// PerfError when it cannot be completed.
OpenstackResult run_openstack(const OpenstackOptions& options);
RunReport report_openstack(const OpenstackOptions& options, const OpenstackResult& result);
// Whether connecting took too long, or calls were lost without a restart.
bool has_failed(const OpenstackOptions& options, const OpenstackResult& result);

}  // namespace lepus::perf
