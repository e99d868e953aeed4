// Formatting of results.
#include "tools/perf/report.h"

#include <algorithm>
#include <array>
#include <cstdio>
#include <fstream>

#include "tools/perf/client/error.h"

namespace lepus::perf {

namespace {

double per(double amount, uint64_t count) {
  return count == 0 ? 0 : amount / static_cast<double>(count);
}
double per_second(uint64_t count, double seconds) {
  return seconds > 0 ? static_cast<double>(count) / seconds : 0;
}
double us(uint64_t ns) { return static_cast<double>(ns) / 1000; }

// Messages that left no trace at a consumer (none is running) are counted at the producer.
uint64_t message_count(const StatsSnapshot& stats) {
  return stats.delivered > 0 ? stats.delivered : stats.published;
}

void json_latency(Json& json, const char* key, const HistogramCounts& latency) {
  if (latency.count() == 0) return;
  json.begin_object(key);
  json.number("count", latency.count());
  json.number("mean", latency.mean() / 1000);
  json.number("p50", us(latency.percentile(0.5)));
  json.number("p90", us(latency.percentile(0.9)));
  json.number("p99", us(latency.percentile(0.99)));
  json.number("p99_9", us(latency.percentile(0.999)));
  json.number("max", us(latency.max()));
  json.end_object();
}

void text_latency(const char* name, const HistogramCounts& latency) {
  if (latency.count() == 0) return;
  fmt::print(
      "{:<16} p50 {:.1f}  p90 {:.1f}  p99 {:.1f}  p99.9 {:.1f}  max {:.1f}  mean {:.1f}  us\n",
      name, us(latency.percentile(0.5)), us(latency.percentile(0.9)), us(latency.percentile(0.99)),
      us(latency.percentile(0.999)), us(latency.max()), latency.mean() / 1000);
}

void json_options(Json& json, const Options& o) {
  json.begin_object("options");
  json.string("host", o.uri.host);
  json.number("port", uint64_t{o.uri.port});
  json.number("producers", uint64_t{o.producers});
  json.number("consumers", uint64_t{o.consumers});
  json.number("queues", uint64_t{o.queues});
  json.string("exchange", name_of(o.exchange_type));
  json.number("bindings", uint64_t{o.bindings});
  json.number("body_size", o.body_size);
  json.number("rate_per_s", o.rate_per_s);
  json.number("confirm_window", uint64_t{o.confirm_window});
  json.number("prefetch", uint64_t{o.prefetch});
  json.number("ack_batch", uint64_t{o.ack_batch});
  json.boolean("auto_ack", o.auto_ack);
  json.number("messages", o.messages);
  json.boolean("persistent", o.persistent);
  json.number("priorities", uint64_t{o.priorities});
  json.boolean("keep", o.keep);
  json.boolean("mandatory", o.mandatory);
  json.number("frame_max", uint64_t{o.frame_size_max});
  json.number("count", uint64_t{o.count});
  json.number("channels", uint64_t{o.channels});
  json.number("window", uint64_t{o.window});
  json.number("threads", uint64_t{o.threads});
  json.boolean("spin", o.spin);
  json.number("duration_s", o.duration_s);
  json.number("warmup_s", o.warmup_s);
  json.end_object();
}

void json_head(Json& json, const Options& options, const BrokerInfo& broker) {
  json.begin_object();
  json.string("mode", name_of(options.mode));
  json.string("broker_product", broker.product);
  json.string("broker_version", broker.version);
  json_options(json, options);
}

bool text_wanted(const Options& options) { return options.json_path != "-"; }

void write_json(const Options& options, const Json& json) {
  if (options.json_path.empty()) return;
  if (options.json_path == "-") {
    fmt::print("{}\n", json.text());
    return;
  }
  std::ofstream file(options.json_path);
  file << json.text() << '\n';
  file.flush();
  if (!file) throw PerfError("--json: cannot write ", options.json_path);
}

void json_rates(Json& json, const Measurement& measurement, const ReportText& wording) {
  const StatsSnapshot& total = measurement.total;
  const double seconds = measurement.seconds;
  json.number("seconds", seconds);
  json.string("unit", wording.unit);
  if (wording.publishes) {
    json.number("published", total.published);
    json.number("published_per_s", per_second(total.published, seconds));
  }
  json.number("delivered", total.delivered);
  json.number("delivered_per_s", per_second(total.delivered, seconds));
  json.number("confirmed", total.confirmed);
  json.number("confirmed_per_s", per_second(total.confirmed, seconds));
  json.number("nacked", total.nacked);
  json.number("returned", total.returned);
  json.number("redelivered", total.redelivered);
  json.number("blocked", total.blocked);
  if (measurement.drained) {
    json.number("waiting", measurement.drained->waiting);
    json.number("left", measurement.drained->left);
  }
  json_latency(json, "latency_us", total.latency);
  json_latency(json, "confirm_latency_us", total.confirm_latency);
  json_latency(json, "send_lag_us", total.send_lag);
}

void json_processes(Json& json, const Options& options, const Measurement& measurement) {
  const uint64_t messages = message_count(measurement.total);
  json.begin_object("generator");
  json.number("cpu_us_per_message", per(measurement.own_cpu_us, messages));
  json.number("cpu_cores", measurement.own_cpu_us / 1e6 / measurement.seconds);
  json.end_object();
  if (options.pid == 0) return;
  const double cpu_us = measurement.broker_end.cpu_us - measurement.broker_start.cpu_us;
  json.begin_object("broker");
  json.number("pid", static_cast<uint64_t>(options.pid));
  json.number("cpu_us_per_message", per(cpu_us, messages));
  json.number("cpu_cores", cpu_us / 1e6 / measurement.seconds);
  json.number("rss_kib_start", measurement.broker_start.rss_kib);
  json.number("rss_kib_end", measurement.broker_end.rss_kib);
  json.number("rss_kib_max", measurement.broker_rss_kib_max);
  json.end_object();
}

void json_intervals(Json& json, const Measurement& measurement) {
  json.begin_array("intervals");
  for (const Interval& interval : measurement.intervals) {
    json.begin_object();
    json.number("end_s", interval.end_s);
    json.number("published_per_s", per_second(interval.stats.published, interval.seconds));
    json.number("delivered_per_s", per_second(interval.stats.delivered, interval.seconds));
    json.number("latency_p50_us", us(interval.stats.latency.percentile(0.5)));
    json.number("latency_p99_us", us(interval.stats.latency.percentile(0.99)));
    json.end_object();
  }
  json.end_array();
}

void text_broker_name(const BrokerInfo& broker) {
  fmt::print("{:<16} {} {}\n", "broker", broker.product.empty() ? "(unnamed)" : broker.product,
             broker.version);
}

void text_processes(const Options& options, const Measurement& measurement) {
  const uint64_t messages = message_count(measurement.total);
  fmt::print("{:<16} {:.3f} us CPU for each, {:.2f} cores\n", "generator",
             per(measurement.own_cpu_us, messages),
             measurement.own_cpu_us / 1e6 / measurement.seconds);
  if (options.pid == 0) return;
  const double cpu_us = measurement.broker_end.cpu_us - measurement.broker_start.cpu_us;
  fmt::print("{:<16} {:.3f} us CPU for each, {:.2f} cores, RSS {} KiB (at most {})\n",
             "broker process", per(cpu_us, messages), cpu_us / 1e6 / measurement.seconds,
             measurement.broker_end.rss_kib, measurement.broker_rss_kib_max);
}

}  // namespace

void report_measurement(const Options& options, const BrokerInfo& broker,
                        const Measurement& measurement, const ReportText& wording) {
  const StatsSnapshot& total = measurement.total;
  const auto line = [&](const char* name, uint64_t count) {
    fmt::print("{:<16} {:.0f}/s  ({} in {:.2f} s)\n", name, per_second(count, measurement.seconds),
               count, measurement.seconds);
  };
  if (text_wanted(options)) {
    text_broker_name(broker);
    if (wording.publishes) line("sent", total.published);
    line(wording.publishes ? "received" : wording.unit, total.delivered);
    if (total.confirmed > 0) line("confirmed", total.confirmed);
    if (total.nacked > 0) line("nacked", total.nacked);
    if (total.returned > 0) line("returned", total.returned);
    if (total.redelivered > 0) line("redelivered", total.redelivered);
    if (total.blocked > 0) fmt::print("{:<16} {} times\n", "blocked", total.blocked);
    if (measurement.drained) {
      fmt::print("{:<16} {} messages before, {} after\n", "queues", measurement.drained->waiting,
                 measurement.drained->left);
    }
    text_latency("latency", total.latency);
    text_latency("confirm latency", total.confirm_latency);
    text_latency("send lag", total.send_lag);
    text_processes(options, measurement);
  }
  Json json;
  json_head(json, options, broker);
  json_rates(json, measurement, wording);
  json_processes(json, options, measurement);
  json_intervals(json, measurement);
  json.end_object();
  write_json(options, json);
}

void report_objects(const Options& options, const BrokerInfo& broker, const ObjectsResult& result) {
  const auto kib_each = [&](const ProcessSample& after) {
    return per(
        static_cast<double>(after.rss_kib) - static_cast<double>(result.broker_before.rss_kib),
        result.count);
  };
  const double cpu_us_each =
      per(result.broker_created.cpu_us - result.broker_before.cpu_us, result.count);
  if (text_wanted(options)) {
    text_broker_name(broker);
    const std::string name = std::string(result.unit) + "s";
    fmt::print("{:<16} {} created in {:.3f} s: {:.0f}/s\n", name, result.count, result.create_s,
               per_second(result.count, result.create_s));
    if (result.remove_s > 0) {
      fmt::print("{:<16} in {:.3f} s: {:.0f}/s\n", "removed", result.remove_s,
                 per_second(result.count, result.remove_s));
    }
    text_latency("latency", result.latency);
    if (options.pid != 0) {
      fmt::print(
          "{:<16} RSS {} KiB before, {} after: {:.2f} KiB a {}; {:.1f} us CPU to create one\n",
          "broker process", result.broker_before.rss_kib, result.broker_after.rss_kib,
          kib_each(result.broker_after), result.unit, cpu_us_each);
    }
  }
  Json json;
  json_head(json, options, broker);
  json.string("unit", result.unit);
  json.number("created", result.count);
  json.number("create_s", result.create_s);
  json.number("created_per_s", per_second(result.count, result.create_s));
  if (result.remove_s > 0) json.number("removed_per_s", per_second(result.count, result.remove_s));
  json_latency(json, "latency_us", result.latency);
  if (options.pid != 0) {
    json.begin_object("broker");
    json.number("pid", static_cast<uint64_t>(options.pid));
    json.number("rss_kib_before", result.broker_before.rss_kib);
    json.number("rss_kib_created", result.broker_created.rss_kib);
    json.number("rss_kib_end", result.broker_after.rss_kib);
    json.number("rss_kib_each", kib_each(result.broker_after));
    json.number("cpu_us_each", cpu_us_each);
    json.end_object();
  }
  json.end_object();
  write_json(options, json);
}

}  // namespace lepus::perf
