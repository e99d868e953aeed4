// What a run leaves: text for people, JSON for scripts, histograms for HdrHistogram's tools. JSON
// keys carry their unit; times are microseconds.
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

struct RunReport {
  std::string text;  // lines
  std::string json;  // an object
  std::string hdr;   // a log of HdrHistogram, see hdr_log.h
};

// Writes the text to standard output and the others where the options say. PerfError when a file
// cannot be written.
void write_report(const Output& output, const RunReport& report);
// PerfError that names the option and the file when it cannot be written.
void write_file(const char* option, const std::string& path, const std::string& text);

RunReport report_measurement(const Options& options, const BrokerInfo& broker,
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
RunReport report_objects(const Options& options, const BrokerInfo& broker,
                         const ObjectsResult& result);

// A line of the text: which broker it was.
std::string broker_line(const BrokerInfo& broker);

}  // namespace lepus::perf
