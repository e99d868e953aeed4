// Formatting of results.
#include "tools/perf/report.h"

#include <cstdio>
#include <fstream>

#include "tools/perf/client/error.h"
#include "tools/perf/hdr_log.h"
#include "tools/perf/report_parts.h"

namespace lepus::perf {

namespace {

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
  json_origin(json);
  json_options(json, options);
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
  json_counts(json, total, seconds);
  if (measurement.drained) {
    json.number("waiting", measurement.drained->waiting);
    json.number("left", measurement.drained->left);
  }
  json_latency(json, "latency_us", total.latency);
  json_latency(json, "confirm_latency_us", total.confirm_latency);
  json_latency(json, "send_lag_us", total.send_lag);
  json_distribution(json, "latency_distribution", total.latency);
  json_distribution(json, "confirm_latency_distribution", total.confirm_latency);
}

std::string measurement_text(const Measurement& measurement, const ReportText& wording) {
  const StatsSnapshot& total = measurement.total;
  std::string text;
  const auto line = [&](const char* name, uint64_t count) {
    text += fmt::format("{:<16} {:.0f}/s  ({} in {:.2f} s)\n", name,
                        per_second(count, measurement.seconds), count, measurement.seconds);
  };
  if (wording.publishes) line("sent", total.published);
  line(wording.publishes ? "received" : wording.unit, total.delivered);
  if (total.confirmed > 0) line("confirmed", total.confirmed);
  if (total.nacked > 0) line("nacked", total.nacked);
  if (total.returned > 0) line("returned", total.returned);
  if (total.redelivered > 0) line("redelivered", total.redelivered);
  if (total.blocked > 0) text += fmt::format("{:<16} {} times\n", "blocked", total.blocked);
  if (measurement.drained) {
    text += fmt::format("{:<16} {} messages before, {} after\n", "queues",
                        measurement.drained->waiting, measurement.drained->left);
  }
  text_latency(text, "latency", total.latency);
  text_latency(text, "confirm latency", total.confirm_latency);
  text_latency(text, "send lag", total.send_lag);
  return text;
}

double kib_each(const ObjectsResult& result, const ProcessSample& after) {
  return per(static_cast<double>(after.rss_kib) - static_cast<double>(result.broker_before.rss_kib),
             result.count);
}

std::string objects_text(const Options& options, const ObjectsResult& result) {
  std::string text =
      fmt::format("{:<16} {} created in {:.3f} s: {:.0f}/s\n", std::string(result.unit) + "s",
                  result.count, result.create_s, per_second(result.count, result.create_s));
  if (result.remove_s > 0) {
    text += fmt::format("{:<16} in {:.3f} s: {:.0f}/s\n", "removed", result.remove_s,
                        per_second(result.count, result.remove_s));
  }
  text_latency(text, "latency", result.latency);
  if (options.pid == 0) return text;
  return text + fmt::format(
                    "{:<16} RSS {} KiB before, {} after: {:.2f} KiB a {}; {:.1f} us CPU to create "
                    "one\n",
                    "broker process", result.broker_before.rss_kib, result.broker_after.rss_kib,
                    kib_each(result, result.broker_after), result.unit,
                    per(result.broker_created.cpu_us - result.broker_before.cpu_us, result.count));
}

}  // namespace

std::string broker_line(const BrokerInfo& broker) {
  return fmt::format("{:<16} {} {}\n", "broker",
                     broker.product.empty() ? "(unnamed)" : broker.product, broker.version);
}

void write_file(const char* option, const std::string& path, const std::string& text) {
  std::ofstream file(path);
  file << text;
  file.flush();
  if (!file) throw PerfError(option, ": cannot write ", path);
}

void write_report(const Output& output, const RunReport& report) {
  fmt::print("{}", output.json_path == "-" ? report.json + "\n" : report.text);
  if (!output.json_path.empty() && output.json_path != "-")
    write_file("--json", output.json_path, report.json + "\n");
  if (!output.hdr_path.empty()) write_file("--hdr", output.hdr_path, report.hdr);
}

RunReport report_measurement(const Options& options, const BrokerInfo& broker,
                             const Measurement& measurement, const ReportText& wording) {
  RunReport report;
  report.text = broker_line(broker) + measurement_text(measurement, wording);
  text_processes(report.text, options.pid, measurement);
  Json json;
  json_head(json, options, broker);
  json_rates(json, measurement, wording);
  json_processes(json, options.pid, measurement);
  json_intervals(json, measurement.intervals);
  json.end_object();
  report.json = json.text();
  if (!options.output.hdr_path.empty()) report.hdr = hdr_log(measurement.intervals);
  return report;
}

RunReport report_objects(const Options& options, const BrokerInfo& broker,
                         const ObjectsResult& result) {
  RunReport report;
  report.text = broker_line(broker) + objects_text(options, result);
  Json json;
  json_head(json, options, broker);
  json.string("unit", result.unit);
  json.number("created", result.count);
  json.number("create_s", result.create_s);
  json.number("created_per_s", per_second(result.count, result.create_s));
  if (result.remove_s > 0) json.number("removed_per_s", per_second(result.count, result.remove_s));
  json_latency(json, "latency_us", result.latency);
  json_distribution(json, "latency_distribution", result.latency);
  if (options.pid != 0) {
    json.begin_object("broker");
    json.number("pid", static_cast<uint64_t>(options.pid));
    json.number("rss_kib_before", result.broker_before.rss_kib);
    json.number("rss_kib_created", result.broker_created.rss_kib);
    json.number("rss_kib_end", result.broker_after.rss_kib);
    json.number("rss_kib_each", kib_each(result, result.broker_after));
    json.number("cpu_us_each",
                per(result.broker_created.cpu_us - result.broker_before.cpu_us, result.count));
    json.end_object();
  }
  json.end_object();
  report.json = json.text();
  return report;
}

}  // namespace lepus::perf
