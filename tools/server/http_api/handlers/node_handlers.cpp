// The node and the cluster: /feature-flags, /deprecated-features, /rebalance, /auth/attempts,
// /reset, /config/effective.
#include <array>
#include <utility>

#include <fmt/format.h>

#include "tools/server/admin/feature_flags.h"
#include "tools/server/admin/json_writer.h"
#include "tools/server/config/config.h"
#include "tools/server/http_api/api_body.h"
#include "tools/server/http_api/api_operation.h"
#include "tools/server/http_api/handlers/families.h"

namespace lepus::server {

namespace {

// --- Feature flags

/// Everything is there from the start, so all are enabled.
void list_flags(ApiCall& call) {
  std::vector<ApiRow> rows;
  for (const FeatureFlag& flag : feature_flags()) {
    JsonWriter json;
    json.begin_object();
    json.field("name", flag.name);
    json.field("state", "enabled");
    json.field("stability", "stable");
    json.field("desc", flag.doc);
    json.field("doc_url", "");
    json.field("provided_by", "rabbit");
    json.end_object();
    rows.push_back({"", std::string{flag.name}, json.take()});
  }
  reply_rows(call, std::move(rows), {"name"});
}

void enable_flag(ApiCall& call) {
  const std::string& name = call.capture("name");
  if (name != "all" && find_feature_flag(name) == nullptr) return call.bad_request("unsupported");
  start_operation(call, make_verb(call, "enable_feature_flag", {name}), {});
}

/// There are none.
void list_deprecated(ApiCall& call) { call.reply("[]"); }

/// Leaders of queues are where they are: there is one node.
void rebalance(ApiCall& call) { call.answer(204); }

// --- Logins

bool is_own_node(const ApiCall& call) {
  return call.capture("node") == node_name(call.place().host.config());
}

void write_attempts(std::string_view protocol, const ApiLoginCounts& counts, JsonWriter& json) {
  json.begin_object();
  json.field("protocol", protocol);
  json.field("auth_attempts", counts.attempts);
  json.field("auth_attempts_failed", counts.failed);
  json.field("auth_attempts_succeeded", counts.succeeded);
  json.end_object();
}

ApiLoginCounts minus(const ApiLoginCounts& from, const ApiLoginCounts& counts) {
  return {from.attempts - counts.attempts, from.succeeded - counts.succeeded,
          from.failed - counts.failed};
}

ApiLoginCounts amqp_counts(const ApiPlace& place) {
  const core::LoginCounts all = place.logins.counts();
  return minus({all.attempts, all.succeeded, all.failed}, place.login_counts);
}

void show_attempts(ApiCall& call) {
  if (!is_own_node(call)) return call.not_found();
  const ApiPlace& place = call.place();
  JsonWriter json;
  json.begin_array();
  write_attempts("amqp091", minus(amqp_counts(place), place.amqp_counts_before), json);
  write_attempts("http", minus(place.login_counts, place.login_counts_before), json);
  json.end_array();
  call.reply(json.take());
}

/// From now on, as far as this list is concerned.
void forget_attempts(ApiCall& call) {
  if (!is_own_node(call)) return call.not_found();
  ApiPlace& place = call.place();
  place.login_counts_before = place.login_counts;
  place.amqp_counts_before = amqp_counts(place);
  call.answer(204);
}

/// By address and user they are not kept: an attacker would fill the list. RabbitMQ's is empty,
/// too, unless it was told to track them.
void show_sources(ApiCall& call) {
  if (!is_own_node(call)) return call.not_found();
  call.reply("[]");
}
void forget_sources(ApiCall& call) {
  if (!is_own_node(call)) return call.not_found();
  call.answer(204);
}

// --- Statistics and configuration

void reset(ApiCall& call) {
  if (call.has_capture("node") && !is_own_node(call)) return call.not_found();
  if (!call.place().reset_statistics)
    return call.refuse(501, "not_implemented", "there are no statistics that could be reset");
  call.place().reset_statistics();
  call.answer(204);
}

/// As `lepusctl environment` shows it: keys with their values, secrets hidden.
void show_config(ApiCall& call) {
  ApiOutcome outcome;
  outcome.on_done = [](ApiCall& done, std::string_view result, const std::vector<std::string>&) {
    done.reply(std::string{result});
  };
  start_operation(call, make_verb(call, "environment"), std::move(outcome));
}

/// Of links of a federation: there are none, and monitors list them without asking whether the
/// plugin is there.
void list_none(ApiCall& call) { call.reply("[]"); }

constexpr std::array node_table{
    ApiRoute{"GET", "/federation-links", list_none, monitoring},
    ApiRoute{"GET", "/federation-links/:vhost", list_none, monitoring, visible},
    ApiRoute{"GET", "/feature-flags", list_flags, admin},
    ApiRoute{"PUT", "/feature-flags/:name/enable", enable_flag, admin},
    ApiRoute{"GET", "/deprecated-features", list_deprecated, admin},
    ApiRoute{"GET", "/deprecated-features/used", list_deprecated, admin},
    ApiRoute{"POST", "/rebalance/queues", rebalance, admin},
    ApiRoute{"GET", "/auth/attempts/:node", show_attempts, monitoring},
    ApiRoute{"DELETE", "/auth/attempts/:node", forget_attempts, monitoring},
    ApiRoute{"GET", "/auth/attempts/:node/source", show_sources, monitoring},
    ApiRoute{"DELETE", "/auth/attempts/:node/source", forget_sources, monitoring},
    ApiRoute{"DELETE", "/reset", reset, admin},
    ApiRoute{"DELETE", "/reset/:node", reset, admin},
    ApiRoute{"GET", "/config/effective", show_config, admin},
};

}  // namespace

std::span<const ApiRoute> api_node_routes() { return node_table; }

}  // namespace lepus::server
