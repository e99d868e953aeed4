// The report of the OpenStack preset.
#include "tools/perf/hdr_log.h"
#include "tools/perf/openstack/fleet.h"
#include "tools/perf/openstack/openstack_run.h"
#include "tools/perf/report_parts.h"

namespace lepus::perf {

namespace {

bool in_time(const OpenstackOptions& options, const ConnectPhase& phase) {
  return phase.seconds <= options.connect_limit_s;
}

std::string connect_text(const OpenstackOptions& options, const char* name,
                         const ConnectPhase& phase) {
  std::string text =
      fmt::format("{:<16} {} connections, {} declares and binds in {:.1f} s ({} {:.0f} s)\n", name,
                  uint64_t{options.agents} * connections_per_agent, phase.declares, phase.seconds,
                  in_time(options, phase) ? "within" : "NOT within", options.connect_limit_s);
  text_latency(text, "- handshake", phase.connect_latency);
  return text;
}

std::string phase_text(const CallPhase& phase) {
  std::string text = fmt::format(
      "{:<16} {:.0f}/s called, {:.0f}/s answered in {:.1f} s; {} not sent, {} given up\n",
      phase.name, per_second(phase.calls.sent, phase.seconds),
      per_second(phase.calls.answered, phase.seconds), phase.seconds, phase.unsent,
      phase.calls.lost);
  text_latency(text, "- latency", phase.latency);
  return text;
}

void json_connect(Json& json, const char* key, const OpenstackOptions& options,
                  const ConnectPhase& phase) {
  json.begin_object(key);
  json.number("seconds", phase.seconds);
  json.boolean("in_time", in_time(options, phase));
  json.number("declares", phase.declares);
  json_latency(json, "connect_latency_us", phase.connect_latency);
  json.number("rss_kib", phase.broker.rss_kib);
  json.end_object();
}

void json_call_phases(Json& json, const std::vector<CallPhase>& phases) {
  json.begin_array("phases");
  for (const CallPhase& phase : phases) {
    json.begin_object();
    json.string("name", phase.name);
    json.number("begin_s", phase.begin_s);
    json.number("seconds", phase.seconds);
    json.number("published_per_s", per_second(phase.calls.sent, phase.seconds));
    json.number("delivered_per_s", per_second(phase.calls.answered, phase.seconds));
    json.number("calls", phase.calls.sent);
    json.number("answered", phase.calls.answered);
    json.number("lost", phase.calls.lost);
    json.number("unsent", phase.unsent);
    json.number("lost_connections", phase.lost_connections);
    json_latency(json, "latency_us", phase.latency);
    json.end_object();
  }
  json.end_array();
}

struct Sum {
  double seconds = 0;
  uint64_t sent = 0;
  uint64_t answered = 0;
  HistogramCounts latency;
};

Sum sum_of(const std::vector<CallPhase>& phases) {
  Sum sum;
  for (const CallPhase& phase : phases) {
    sum.seconds += phase.seconds;
    sum.sent += phase.calls.sent;
    sum.answered += phase.calls.answered;
    sum.latency.add(phase.latency);
  }
  return sum;
}

std::string openstack_json(const OpenstackOptions& options, const OpenstackResult& result) {
  Json json;
  json.begin_object();
  json.string("mode", "openstack");
  json.string("broker_product", result.broker.product);
  json.string("broker_version", result.broker.version);
  json_origin(json);
  json.begin_object("options");
  json.string("host", options.common.uri.host);
  json.number("port", uint64_t{options.common.uri.port});
  json.number("agents", uint64_t{options.agents});
  json.number("rate_per_s", options.common.rate_per_s);
  json.number("body_size", options.common.body_size);
  json.number("call_timeout_s", options.call_timeout_s);
  json.number("connects_per_s", options.connects_per_s);
  json.end_object();
  const Sum sum = sum_of(result.phases);
  json.number("seconds", sum.seconds);
  json.string("unit", "calls");
  json.number("published_per_s", per_second(sum.sent, sum.seconds));
  json.number("delivered_per_s", per_second(sum.answered, sum.seconds));
  json.number("calls_sent", result.calls.sent);
  json.number("calls_answered", result.calls.answered);
  json.number("calls_lost", result.calls.lost);
  json.number("calls_late", result.calls.late);
  json.number("duplicates", result.calls.duplicates);
  json.number("returned", result.returned);
  json.number("nacked", result.nacked);
  json.number("fanout_received", result.fanout_received);
  json.number("lost", result.lost_connections);
  json.number("connect_s", result.connect.seconds);
  if (result.has_restarted) json.number("reconnect_s", result.reconnect.seconds);
  json_latency(json, "latency_us", sum.latency);
  json_distribution(json, "latency_distribution", sum.latency);
  json_connect(json, "connect", options, result.connect);
  if (result.has_restarted) json_connect(json, "reconnect", options, result.reconnect);
  json.begin_object("broker");
  json.number("rss_kib_before", result.broker_before.rss_kib);
  json.number("rss_kib_connected", result.connect.broker.rss_kib);
  json.number("rss_kib_end", result.broker_end.rss_kib);
  json.end_object();
  json_call_phases(json, result.phases);
  json_intervals(json, result.intervals);
  json.end_object();
  return json.text();
}

}  // namespace

bool has_failed(const OpenstackOptions& options, const OpenstackResult& result) {
  const bool is_slow = !in_time(options, result.connect) ||
                       (result.has_restarted && !in_time(options, result.reconnect));
  return is_slow || (!result.has_restarted && result.calls.lost > 0);
}

RunReport report_openstack(const OpenstackOptions& options, const OpenstackResult& result) {
  RunReport report;
  std::string& text = report.text;
  text = broker_line(result.broker);
  text += connect_text(options, "connect", result.connect);
  if (!result.phases.empty()) text += phase_text(result.phases.front());
  if (result.has_restarted) {
    text += connect_text(options, "restart", result.reconnect);
    for (size_t index = 1; index < result.phases.size(); ++index)
      text += phase_text(result.phases[index]);
  }
  text += fmt::format("{:<16} {} sent: {} answered, {} lost ({} of them answered late), {} twice\n",
                      "calls", result.calls.sent, result.calls.answered, result.calls.lost,
                      result.calls.late, result.calls.duplicates);
  text += fmt::format("{:<16} {} received by fanout, {} returned, {} nacked, {} connections lost\n",
                      "messages", result.fanout_received, result.returned, result.nacked,
                      result.lost_connections);
  if (!result.last_error.empty())
    text += fmt::format("{:<16} {}\n", "last error", result.last_error);
  if (result.connect.broker.rss_kib > 0) {
    text += fmt::format("{:<16} RSS {} KiB before, {} connected, {} at the end\n", "broker process",
                        result.broker_before.rss_kib, result.connect.broker.rss_kib,
                        result.broker_end.rss_kib);
  }
  report.json = openstack_json(options, result);
  if (!options.common.output.hdr_path.empty()) report.hdr = hdr_log(result.intervals);
  return report;
}

}  // namespace lepus::perf
