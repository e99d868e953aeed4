// Results as text for people and as JSON for scripts. JSON keys carry their unit; times are
// microseconds.
#pragma once

#include <string>

#include "tools/perf/json.h"
#include "tools/perf/measure.h"
#include "tools/perf/options.h"

namespace lepus::perf {

struct BrokerInfo {
  std::string product;
  std::string version;
};

// Writes the text to standard output and the JSON where --json says.
void report_measurement(const Options& options, const BrokerInfo& broker,
                        const Measurement& measurement, const ReportText& wording);

// For the modes that count objects: how fast they came, what each costs the broker in memory.
struct ObjectsResult {
  const char* unit = "";  // singular: "connection", "queue"
  uint64_t count = 0;
  double create_s = 0;
  double remove_s = 0;  // 0 = not measured
  ProcessSample broker_before;
  ProcessSample broker_created;  // right after the last one was there
  ProcessSample broker_after;    // at the end of the holding time
  HistogramCounts latency;       // of creating one; empty when not measured
};
void report_objects(const Options& options, const BrokerInfo& broker, const ObjectsResult& result);

}  // namespace lepus::perf
