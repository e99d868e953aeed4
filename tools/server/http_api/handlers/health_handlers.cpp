// /health/checks and their predecessors: 200 {"status":"ok"}, or 503 with what is wrong.
#include <algorithm>
#include <array>
#include <optional>
#include <utility>

#include <fmt/format.h>

#include "net/tls/tls_context.h"
#include "tools/server/admin/json_writer.h"
#include "tools/server/admin/node_facts.h"
#include "tools/server/config/config.h"
#include "tools/server/config/config_value.h"
#include "tools/server/http_api/handlers/families.h"

namespace lepus::server {

namespace {

const ServerConfig& config_of(const ApiCall& call) { return call.place().host.config(); }

void reply_ok(ApiCall& call) { call.reply(R"({"status":"ok"})"); }

/// Writes the beginning of a 503's object, which the caller goes on with.
void begin_failure(JsonWriter& json, std::string_view reason) {
  json.begin_object();
  json.field("status", "failed");
  json.field("reason", reason);
}
void reply_failure(ApiCall& call, JsonWriter& json) {
  json.end_object();
  call.answer(503, json.take(), {{"cache-control", "no-cache"}});
}
void reply_failed(ApiCall& call, std::string_view reason) {
  JsonWriter json;
  begin_failure(json, reason);
  reply_failure(call, json);
}

void check_alarms_as(ApiCall& call, std::string_view reason) {
  const core::Alarm& alarm = call.place().broker.state().alarm;
  if (!alarm.any()) return reply_ok(call);
  JsonWriter json;
  begin_failure(json, reason);
  json.key("alarms");
  json.begin_array();
  const auto add = [&](bool is_on, std::string_view resource) {
    if (!is_on) return;
    json.begin_object();
    json.field("node", node_name(config_of(call)));
    json.field("resource", resource);
    json.end_object();
  };
  add(alarm.memory, "memory");
  add(alarm.disk, "disk");
  json.end_array();
  reply_failure(call, json);
}
void check_alarms(ApiCall& call) {
  check_alarms_as(call, "There are alarms in effect in the cluster");
}
void check_local_alarms(ApiCall& call) {
  check_alarms_as(call, "There are alarms in effect on the node");
}

// --- Listeners

/// Those that are open now: clients of AMQP may be kept out.
std::vector<ListenAddress> open_listeners(const ApiCall& call) {
  const ServerConfig& config = config_of(call);
  return call.place().broker.state().is_serving ? config.all_listeners() : config.http_listeners();
}

void check_port(ApiCall& call) {
  const auto port = parse_number(call.capture("port"));
  if (!port || *port == 0 || *port > 65'535) return call.bad_request("Invalid port");
  const std::vector<ListenAddress> listeners = open_listeners(call);
  const bool is_there = std::any_of(listeners.begin(), listeners.end(),
                                    [&](const auto& one) { return one.port == *port; });
  if (is_there) return call.reply(fmt::format(R"({{"status":"ok","port":{}}})", *port));
  JsonWriter json;
  begin_failure(json, "No active listener");
  json.field("missing", *port);
  json.key("ports");
  json.begin_array();
  for (const ListenAddress& one : listeners)
    if (one.port != 0) json.number(one.port);
  json.end_array();
  reply_failure(call, json);
}

/// The names operators use, as those of listeners.
std::string_view canonical_protocol(std::string_view name) {
  if (name == "amqp091" || name == "amqp0-9-1" || name == "amqp0.9.1" || name == "AMQP 0-9-1")
    return "amqp";
  if (name == "amqps" || name == "tls") return "amqp/ssl";
  return name;
}

/// One of several is enough.
void check_protocol(ApiCall& call) {
  const std::vector<ListenAddress> listeners = open_listeners(call);
  for (const std::string_view wanted : split_list(call.capture("protocols"))) {
    const bool is_there =
        std::any_of(listeners.begin(), listeners.end(), [&](const ListenAddress& one) {
          return shown_protocol(one) == canonical_protocol(wanted);
        });
    if (!is_there) continue;
    JsonWriter json;
    json.begin_object();
    json.field("status", "ok");
    json.field("protocol", wanted);
    json.end_object();
    return call.reply(json.take());
  }
  JsonWriter json;
  begin_failure(json, "No active listener");
  json.field("missing", call.capture("protocols"));
  json.key("protocols");
  json.begin_array();
  for (const ListenAddress& one : listeners) json.text(shown_protocol(one));
  json.end_array();
  reply_failure(call, json);
}

// --- Certificates

std::optional<std::uint64_t> days_of(std::string_view unit) {
  if (unit == "days") return 1;
  if (unit == "weeks") return 7;
  if (unit == "months") return 28;
  if (unit == "years") return 365;
  return std::nullopt;
}

void check_certificates(ApiCall& call) {
  const auto days = days_of(call.capture("unit"));
  if (!days)
    return call.bad_request(
        "Time unit not recognised. Supported units: days, weeks, months, years.");
  const auto within = parse_number(call.capture("within"));
  if (!within || *within > 100'000) return call.bad_request("Invalid expiration value.");
  const auto limit = static_cast<std::int64_t>(*within * *days);
  const std::int64_t now_s = call.place().broker.wall_now() / core::nanos_per_s;
  JsonWriter json;
  begin_failure(json, "Certificates expiring");
  json.key("expired");
  json.begin_array();
  bool any = false;
  if (const auto& context = call.place().host.tls().context; context)
    for (const net::TlsContext::Certificate& one : context->certificates()) {
      if (days_left(one, now_s) >= limit) continue;
      any = true;
      json.begin_object();
      json.field("node", node_name(config_of(call)));
      json.field("name", "ssl_options." + one.option);
      json.field("subject", one.subject);
      json.field("validity", one.validity);
      json.field("days_left", days_left(one, now_s));
      json.end_object();
    }
  json.end_array();
  if (!any) return reply_ok(call);
  reply_failure(call, json);
}

// --- The node

void check_serving(ApiCall& call) {
  if (call.place().broker.state().is_serving) return reply_ok(call);
  reply_failed(call, "this node does not serve clients");
}

void check_in_service(ApiCall& call) {
  if (!call.place().broker.state().is_suspending) return reply_ok(call);
  reply_failed(call, "this node is suspended: clients are kept out");
}

void check_connection_limit(ApiCall& call) {
  const std::uint64_t limit = config_of(call).connections_max;
  const std::uint64_t count = call.place().host.facts().connection_count;
  JsonWriter json;
  const bool is_below = limit == 0 || count < limit;
  if (is_below) {
    json.begin_object();
    json.field("status", "ok");
  } else {
    begin_failure(json, "connection limit of the node is reached");
  }
  json.key("limit");
  if (limit == 0) {
    json.text("infinity");
  } else {
    json.number(limit);
  }
  json.field("connections", count);
  if (!is_below) return reply_failure(call, json);
  json.end_object();
  call.reply(json.take());
}

void check_quorum(ApiCall& call) {
  call.reply(R"({"status":"ok","reason":"single node cluster"})");
}

void check_node(ApiCall& call) {
  if (call.has_capture("node") && call.capture("node") != node_name(config_of(call)))
    return call.not_found();
  check_serving(call);
}

constexpr std::array health_table{
    ApiRoute{"GET", "/health/checks/alarms", check_alarms},
    ApiRoute{"GET", "/health/checks/local-alarms", check_local_alarms},
    ApiRoute{"GET", "/health/checks/metadata-store/initialized", check_serving},
    ApiRoute{"GET", "/health/checks/metadata-store/initialized/with-data", check_serving},
    ApiRoute{"GET", "/health/checks/certificate-expiration/:within/:unit", check_certificates},
    ApiRoute{"GET", "/health/checks/port-listener/:port", check_port},
    ApiRoute{"GET", "/health/checks/protocol-listener/:protocols", check_protocol},
    ApiRoute{"GET", "/health/checks/virtual-hosts", check_serving},
    ApiRoute{"GET", "/health/checks/quorum-queues-without-elected-leaders/all-vhosts",
             check_serving},
    ApiRoute{"GET", "/health/checks/quorum-queues-without-elected-leaders/vhost/:vhost",
             check_serving, any, visible},
    ApiRoute{"GET",
             "/health/checks/quorum-queues-without-elected-leaders/all-vhosts/pattern/:pattern",
             check_serving},
    ApiRoute{"GET",
             "/health/checks/quorum-queues-without-elected-leaders/vhost/:vhost/pattern/:pattern",
             check_serving, any, visible},
    ApiRoute{"GET", "/health/checks/node-is-quorum-critical", check_quorum},
    ApiRoute{"GET", "/health/checks/is-in-service", check_in_service},
    ApiRoute{"GET", "/health/checks/below-node-connection-limit", check_connection_limit},
    ApiRoute{"GET", "/health/checks/ready-to-serve-clients", check_serving},
    ApiRoute{"GET", "/health/checks/reached-target-cluster-size", check_serving},
    ApiRoute{"GET", "/healthchecks/node", check_node},
    ApiRoute{"GET", "/healthchecks/node/:node", check_node},
};

}  // namespace

std::span<const ApiRoute> api_health_routes() { return health_table; }

}  // namespace lepus::server
