// What the reports of all modes and of scenarios are put together from. Text is appended to a
// string; JSON keys carry their unit, times are microseconds.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "tools/perf/json.h"
#include "tools/perf/measure.h"
#include "tools/perf/options.h"

namespace lepus::perf {

inline double per(double amount, uint64_t count) {
  return count == 0 ? 0 : amount / static_cast<double>(count);
}
inline double per_second(uint64_t count, double seconds) {
  return seconds > 0 ? static_cast<double>(count) / seconds : 0;
}
inline double us_of(uint64_t ns) { return static_cast<double>(ns) / 1000; }

// An object of percentiles; nothing when there are no samples.
void json_latency(Json& json, const char* key, const HistogramCounts& latency);
// A list of [microseconds, fraction at or below].
void json_distribution(Json& json, const char* key, const HistogramCounts& latency);
// Counts and rates of a time.
void json_counts(Json& json, const StatsSnapshot& total, double seconds);
void json_processes(Json& json, int pid, const Measurement& measurement);
void json_intervals(Json& json, const std::vector<Interval>& intervals);
// When the program was asked for this, and by which version.
void json_origin(Json& json);

void text_latency(std::string& text, const char* name, const HistogramCounts& latency);
void text_processes(std::string& text, int pid, const Measurement& measurement);

}  // namespace lepus::perf
