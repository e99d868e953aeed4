// Formatting of the parts.
#include "tools/perf/report_parts.h"

#include <ctime>

namespace lepus::perf {

namespace {

// Messages that left no trace at a consumer (none is running) are counted at the producer.
uint64_t message_count(const StatsSnapshot& stats) {
  return stats.delivered > 0 ? stats.delivered : stats.published;
}

}  // namespace

void json_latency(Json& json, const char* key, const HistogramCounts& latency) {
  if (latency.count() == 0) return;
  json.begin_object(key);
  json.number("count", latency.count());
  json.number("mean", latency.mean() / 1000);
  json.number("p50", us_of(latency.percentile(0.5)));
  json.number("p90", us_of(latency.percentile(0.9)));
  json.number("p99", us_of(latency.percentile(0.99)));
  json.number("p99_9", us_of(latency.percentile(0.999)));
  json.number("max", us_of(latency.max()));
  json.end_object();
}

void json_distribution(Json& json, const char* key, const HistogramCounts& latency) {
  if (latency.count() == 0) return;
  std::string list;
  for (const HistogramCounts::Point& point : latency.distribution()) {
    list += fmt::format("{}[{:.3f}, {:.7g}]", list.empty() ? "" : ", ", us_of(point.value),
                        point.fraction);
  }
  json.raw(key, "[" + list + "]");
}

void json_counts(Json& json, const StatsSnapshot& total, double seconds) {
  json.number("delivered", total.delivered);
  json.number("delivered_per_s", per_second(total.delivered, seconds));
  json.number("confirmed", total.confirmed);
  json.number("confirmed_per_s", per_second(total.confirmed, seconds));
  json.number("nacked", total.nacked);
  json.number("returned", total.returned);
  json.number("redelivered", total.redelivered);
  json.number("blocked", total.blocked);
}

void json_processes(Json& json, int pid, const Measurement& measurement) {
  const uint64_t messages = message_count(measurement.total);
  json.begin_object("generator");
  json.number("cpu_us_per_message", per(measurement.own_cpu_us, messages));
  json.number("cpu_cores", measurement.own_cpu_us / 1e6 / measurement.seconds);
  json.end_object();
  if (pid == 0) return;
  const double cpu_us = measurement.broker_end.cpu_us - measurement.broker_start.cpu_us;
  json.begin_object("broker");
  json.number("pid", static_cast<uint64_t>(pid));
  json.number("cpu_us_per_message", per(cpu_us, messages));
  json.number("cpu_cores", cpu_us / 1e6 / measurement.seconds);
  json.number("rss_kib_start", measurement.broker_start.rss_kib);
  json.number("rss_kib_end", measurement.broker_end.rss_kib);
  json.number("rss_kib_max", measurement.broker_rss_kib_max);
  json.end_object();
}

void json_intervals(Json& json, const std::vector<Interval>& intervals) {
  json.begin_array("intervals");
  for (const Interval& interval : intervals) {
    json.begin_object();
    json.number("end_s", interval.end_s);
    json.number("published_per_s", per_second(interval.stats.published, interval.seconds));
    json.number("delivered_per_s", per_second(interval.stats.delivered, interval.seconds));
    json.number("latency_p50_us", us_of(interval.stats.latency.percentile(0.5)));
    json.number("latency_p99_us", us_of(interval.stats.latency.percentile(0.99)));
    if (interval.broker_rss_kib > 0) json.number("broker_rss_kib", interval.broker_rss_kib);
    json.end_object();
  }
  json.end_array();
}

void json_origin(Json& json) {
  json.string("generator_version", LEPUS_VERSION);
  json.number("written_at_s", static_cast<uint64_t>(std::time(nullptr)));
}

void text_latency(std::string& text, const char* name, const HistogramCounts& latency) {
  if (latency.count() == 0) return;
  text += fmt::format(
      "{:<16} p50 {:.1f}  p90 {:.1f}  p99 {:.1f}  p99.9 {:.1f}  max {:.1f}  mean {:.1f}  us\n",
      name, us_of(latency.percentile(0.5)), us_of(latency.percentile(0.9)),
      us_of(latency.percentile(0.99)), us_of(latency.percentile(0.999)), us_of(latency.max()),
      latency.mean() / 1000);
}

void text_processes(std::string& text, int pid, const Measurement& measurement) {
  const uint64_t messages = message_count(measurement.total);
  text += fmt::format("{:<16} {:.3f} us CPU for each, {:.2f} cores\n", "generator",
                      per(measurement.own_cpu_us, messages),
                      measurement.own_cpu_us / 1e6 / measurement.seconds);
  if (pid == 0) return;
  const double cpu_us = measurement.broker_end.cpu_us - measurement.broker_start.cpu_us;
  text += fmt::format("{:<16} {:.3f} us CPU for each, {:.2f} cores, RSS {} KiB (at most {})\n",
                      "broker process", per(cpu_us, messages), cpu_us / 1e6 / measurement.seconds,
                      measurement.broker_end.rss_kib, measurement.broker_rss_kib_max);
}

}  // namespace lepus::perf
