// The report of a scenario: the whole, each group, each phase.
#include <algorithm>

#include "tools/perf/hdr_log.h"
#include "tools/perf/report_parts.h"
#include "tools/perf/scenario/scenario_run.h"

namespace lepus::perf {

namespace {

const char* name_of(Role role) {
  switch (role) {
    case Role::producer:
      return "producer";
    case Role::consumer:
      return "consumer";
    case Role::poller:
      return "poller";
    case Role::idle:
      return "idle";
    case Role::churn:
      return "churn";
  }
  return "?";
}

// The counters that are of interest, which are those that are not 0.
std::string counts_text(const StatsSnapshot& stats, double seconds) {
  std::string text;
  const auto rate = [&](const char* name, uint64_t count) {
    if (count > 0) text += fmt::format("  {} {:.0f}/s", name, per_second(count, seconds));
  };
  const auto number = [&](const char* name, uint64_t count) {
    if (count > 0) text += fmt::format("  {} {}", name, count);
  };
  rate("sent", stats.published);
  rate("received", stats.delivered);
  rate("confirmed", stats.confirmed);
  rate("churned", stats.operations);
  rate("refused", stats.rejected);
  rate("redelivered", stats.redelivered);
  rate("found nothing", stats.polled_empty);
  number("nacked", stats.nacked);
  number("returned", stats.returned);
  number("blocked", stats.blocked);
  number("connected", stats.connected);
  number("lost connections", stats.lost);
  const auto percentiles = [&](const char* name, const HistogramCounts& latency) {
    if (latency.count() == 0) return;
    text += fmt::format("  {} p50 {:.0f} p99 {:.0f} max {:.0f} us", name,
                        us_of(latency.percentile(0.5)), us_of(latency.percentile(0.99)),
                        us_of(latency.max()));
  };
  percentiles("latency", stats.latency);
  percentiles("confirm", stats.confirm_latency);
  percentiles("connect", stats.connect_latency);
  return text.empty() ? "  nothing" : text;
}

void json_extra_counts(Json& json, const StatsSnapshot& stats, double seconds) {
  json.number("published", stats.published);
  json.number("published_per_s", per_second(stats.published, seconds));
  json_counts(json, stats, seconds);
  json.number("rejected", stats.rejected);
  json.number("polled_empty", stats.polled_empty);
  json.number("operations", stats.operations);
  json.number("operations_per_s", per_second(stats.operations, seconds));
  json.number("connected", stats.connected);
  json.number("lost", stats.lost);
  json_latency(json, "latency_us", stats.latency);
  json_latency(json, "confirm_latency_us", stats.confirm_latency);
  json_latency(json, "send_lag_us", stats.send_lag);
  json_latency(json, "connect_latency_us", stats.connect_latency);
}

void json_groups(Json& json, const Scenario& scenario, const ScenarioResult& result) {
  json.begin_array("groups");
  for (size_t index = 0; index < scenario.groups.size(); ++index) {
    const GroupResult& group = result.groups[index];
    json.begin_object();
    json.string("name", scenario.groups[index].name);
    json.string("role", name_of(scenario.groups[index].role));
    json.number("count", uint64_t{scenario.groups[index].count});
    json_extra_counts(json, group.total, result.measurement.seconds);
    json.number("connected_in_all", group.all.connected);
    json_latency(json, "connect_latency_in_all_us", group.all.connect_latency);
    json_distribution(json, "latency_distribution", group.total.latency);
    json_intervals(json, group.intervals);
    json.end_object();
  }
  json.end_array();
}

void json_phases(Json& json, const Scenario& scenario, const ScenarioResult& result) {
  json.begin_array("phases");
  for (size_t index = 0; index < result.phases.size(); ++index) {
    const PhaseResult& phase = result.phases[index];
    json.begin_object();
    json.string("name", scenario.phases[index].name);
    json.boolean("warmup", scenario.phases[index].is_warmup);
    json.number("begin_s", phase.begin_s);
    json.number("seconds", phase.seconds);
    StatsSnapshot sum;
    for (const StatsSnapshot& group : phase.groups) sum.add(group);
    json_extra_counts(json, sum, phase.seconds);
    json.end_object();
  }
  json.end_array();
}

std::string scenario_json(const Scenario& scenario, const Options& options,
                          const ScenarioResult& result) {
  const Measurement& measurement = result.measurement;
  Json json;
  json.begin_object();
  json.string("mode", "scenario");
  json.string("scenario", scenario.name);
  json.string("description", scenario.description);
  json.string("broker_product", result.broker.product);
  json.string("broker_version", result.broker.version);
  json_origin(json);
  json.begin_object("options");
  json.string("host", options.uri.host);
  json.number("port", uint64_t{options.uri.port});
  json.boolean("tls", options.uri.tls);
  json.number("threads", uint64_t{options.threads});
  json.end_object();
  json.number("seconds", measurement.seconds);
  json.number("connect_s", result.connect_s);
  json.number("connections", uint64_t{scenario.connection_count()});
  json_extra_counts(json, measurement.total, measurement.seconds);
  json.number("left", result.left);
  json_distribution(json, "latency_distribution", measurement.total.latency);
  json_distribution(json, "confirm_latency_distribution", measurement.total.confirm_latency);
  json_processes(json, options.pid, measurement);
  json_groups(json, scenario, result);
  json_phases(json, scenario, result);
  json_intervals(json, measurement.intervals);
  json.end_object();
  return json.text();
}

std::string phases_text(const Scenario& scenario, const ScenarioResult& result) {
  std::string text;
  for (size_t index = 0; index < result.phases.size(); ++index) {
    StatsSnapshot sum;
    for (const StatsSnapshot& group : result.phases[index].groups) sum.add(group);
    text += fmt::format("{:<16}{} (from {:.1f} s, for {:.1f} s)\n", scenario.phases[index].name,
                        counts_text(sum, result.phases[index].seconds),
                        result.phases[index].begin_s, result.phases[index].seconds);
  }
  return text;
}

}  // namespace

RunReport report_scenario(const Scenario& scenario, const Options& options,
                          const ScenarioResult& result) {
  RunReport report;
  const Measurement& measurement = result.measurement;
  report.text = broker_line(result.broker);
  report.text += fmt::format("{:<16} {}; {} connections within {:.2f} s, {:.1f} s measured\n",
                             "scenario", scenario.name, scenario.connection_count(),
                             result.connect_s, measurement.seconds);
  for (size_t index = 0; index < scenario.groups.size(); ++index) {
    const Group& group = scenario.groups[index];
    report.text += fmt::format("{:<16}{}\n", fmt::format("{} ({})", group.name, group.count),
                               counts_text(result.groups[index].total, measurement.seconds));
  }
  if (result.phases.size() > 1) report.text += phases_text(scenario, result);
  report.text += fmt::format("{:<16} {} messages left in the queues\n", "queues", result.left);
  text_processes(report.text, options.pid, measurement);
  report.json = scenario_json(scenario, options, result);
  if (!options.output.hdr_path.empty()) report.hdr = hdr_log(measurement.intervals);
  return report;
}

}  // namespace lepus::perf
