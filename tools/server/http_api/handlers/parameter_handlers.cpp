// Runtime parameters: /parameters, /global-parameters, /vhost-limits, /cluster-name. Limits of
// virtual hosts and operator policies are parameters, too, as in RabbitMQ.
#include <array>
#include <utility>

#include <fmt/format.h>

#include "persist/catalog/access_rows.h"
#include "persist/catalog/json_text.h"
#include "tools/server/config/config.h"
#include "tools/server/http_api/api_body.h"
#include "tools/server/http_api/api_operation.h"
#include "tools/server/http_api/handlers/families.h"
#include "tools/server/shovels/shovel_definition.h"

namespace lepus::server {

namespace {

using Json = ApiCall::Json;

struct Parameter {
  core::ParameterKey key;
  std::string value;  ///< JSON.
};

Parameter parameter_of(const persist::DefinitionRow& row) {
  return {{row.values[0], row.values[1], row.values[2]}, row.values[3]};
}

std::vector<Parameter> parameters_of(const core::Topology& topology, const core::VhostInfo& vhost) {
  std::vector<Parameter> found;
  if (vhost.limits != core::VhostLimits{})
    found.push_back(parameter_of(persist::vhost_limits_row(vhost.name, vhost.limits)));
  for (const auto& policy : vhost.operator_policies.all())
    found.push_back(parameter_of(persist::policy_row(policy->spec, true)));
  for (const auto& [key, value] : topology.parameters())
    if (key.vhost == vhost.name && key.component != core::global_component)
      found.push_back({key, value});
  return found;
}

ApiRow parameter_row(const Parameter& parameter) {
  JsonWriter json;
  json.begin_object();
  json.key("value");
  json.raw(parameter.value);
  json.field("vhost", parameter.key.vhost);
  json.field("component", parameter.key.component);
  json.field("name", parameter.key.name);
  json.end_object();
  return {parameter.key.vhost, parameter.key.name, json.take()};
}

void list_parameters(ApiCall& call) {
  std::vector<ApiRow> rows;
  for (const core::VhostInfo* vhost : call.topology().vhosts()) {
    if (call.has_capture("vhost") && vhost != call.vhost()) continue;
    if (!call.has_capture("vhost") &&
        !call.user().may_look_into(call.topology().access(), vhost->name))
      continue;
    for (const Parameter& parameter : parameters_of(call.topology(), *vhost))
      if (!call.has_capture("component") || parameter.key.component == call.capture("component"))
        rows.push_back(parameter_row(parameter));
  }
  reply_rows(call, std::move(rows));
}

std::optional<Parameter> find_parameter(const ApiCall& call) {
  for (Parameter& parameter : parameters_of(call.topology(), *call.vhost()))
    if (parameter.key.component == call.capture("component") &&
        parameter.key.name == call.capture("name"))
      return std::move(parameter);
  return std::nullopt;
}

void show_parameter(ApiCall& call) {
  const auto parameter = find_parameter(call);
  if (!parameter) return call.not_found();
  call.reply(parameter_row(*parameter).json);
}

/// Limits and operator policies are set by administrators only, whatever the path.
bool may_change(ApiCall& call) {
  const std::string& component = call.capture("component");
  if (call.user().is_administrator() ||
      (component != core::vhost_limits_component && component != core::operator_policy_component))
    return true;
  call.not_authorised("Not administrator user");
  return false;
}

/// A shovel may do at this broker what whoever sets it may see: he is let into the virtual hosts
/// that it names, and does not name another user.
bool may_set_shovel(ApiCall& call, const std::string& value) {
  ShovelDefinition shovel;
  if (call.user().is_administrator() || !read_shovel(value, shovel).empty()) return true;
  for (const auto* uris : {&shovel.source_uris, &shovel.target_uris})
    for (const AmqpUri& uri : *uris) {
      if (!uri.is_local) continue;
      const bool is_let_in = call.user().may_log_in(call.topology().access(), uri.vhost);
      if (is_let_in && (uri.user.empty() || uri.user == call.user().name)) continue;
      call.bad_request(
          fmt::format("Validation failed\n\nuser \"{}\" may not connect to vhost "
                      "\"{}\"{}\n",
                      call.user().name, uri.vhost, is_let_in ? " as another user" : ""));
      return false;
    }
  return true;
}

void put_parameter(ApiCall& call) {
  Json body;
  if (!may_change(call)) return;
  if (!call.read_body(body) || !require_keys(call, body, {"value"})) return;
  if (call.capture("component") == shovel_component && !may_set_shovel(call, dump(body["value"])))
    return;
  start_operation(call,
                  make_verb(call, "set_parameter",
                            {call.capture("component"), call.capture("name"), dump(body["value"])}),
                  {.status = find_parameter(call) ? 204U : 201U});
}

void delete_parameter(ApiCall& call) {
  if (!may_change(call)) return;
  if (!find_parameter(call)) return call.not_found();
  start_operation(
      call, make_verb(call, "clear_parameter", {call.capture("component"), call.capture("name")}),
      {});
}

// --- Global ones

ApiRow global_row(std::string_view name, const std::string& value) {
  JsonWriter json;
  json.begin_object();
  json.field("name", name);
  json.key("value");
  json.raw(value);
  json.end_object();
  return {"", std::string{name}, json.take()};
}

void list_globals(ApiCall& call) {
  std::vector<ApiRow> rows;
  for (const auto& [key, value] : call.topology().parameters())
    if (key.component == core::global_component) rows.push_back(global_row(key.name, value));
  reply_rows(call, std::move(rows), {"name"});
}

const std::string* find_global(const ApiCall& call, std::string_view name) {
  const auto& all = call.topology().parameters();
  const auto found =
      all.find(core::ParameterKey{std::string{core::global_component}, {}, std::string{name}});
  return found == all.end() ? nullptr : &found->second;
}

void show_global(ApiCall& call) {
  const std::string* value = find_global(call, call.capture("name"));
  if (value == nullptr) return call.not_found();
  call.reply(global_row(call.capture("name"), *value).json);
}

void put_global(ApiCall& call) {
  Json body;
  if (!call.read_body(body) || !require_keys(call, body, {"value"})) return;
  const bool is_new = find_global(call, call.capture("name")) == nullptr;
  start_operation(
      call, make_verb(call, "set_global_parameter", {call.capture("name"), dump(body["value"])}),
      {.status = is_new ? 201U : 204U});
}

void delete_global(ApiCall& call) {
  if (find_global(call, call.capture("name")) == nullptr) return call.not_found();
  start_operation(call, make_verb(call, "clear_global_parameter", {call.capture("name")}), {});
}

// --- The name of the cluster

void show_cluster_name(ApiCall& call) {
  const std::string* set = find_global(call, core::cluster_name_parameter);
  JsonWriter json;
  json.begin_object();
  json.key("name");
  if (set != nullptr) {
    json.raw(*set);
  } else {
    json.text(call.place().host.config().cluster_name);
  }
  json.end_object();
  call.reply(json.take());
}

void put_cluster_name(ApiCall& call) {
  Json body;
  if (!call.read_body(body) || !require_keys(call, body, {"name"})) return;
  const auto name = read_text(call, body, "name");
  if (!name) return;
  start_operation(call, make_verb(call, "set_cluster_name", {*name}), {});
}

// --- Limits of virtual hosts

ApiRow limits_row(const core::VhostInfo& vhost) {
  JsonWriter json;
  json.begin_object();
  json.field("vhost", vhost.name);
  json.key("value");
  json.raw(persist::vhost_limits_row(vhost.name, vhost.limits).values[3]);
  json.end_object();
  return {vhost.name, "", json.take()};
}

void list_limits(ApiCall& call) {
  std::vector<ApiRow> rows;
  for (const core::VhostInfo* vhost : call.topology().vhosts()) {
    if (call.has_capture("vhost") && vhost != call.vhost()) continue;
    if (vhost->limits != core::VhostLimits{} &&
        call.user().may_see(call.topology().access(), vhost->name))
      rows.push_back(limits_row(*vhost));
  }
  reply_rows(call, std::move(rows), {"vhost"});
}

/// The limits there are, but for one, as JSON that can be set.
Json limits_json(const core::VhostInfo& vhost, const std::string& but) {
  Json limits = persist::parse_json(persist::vhost_limits_row(vhost.name, vhost.limits).values[3]);
  if (!limits.is_object()) limits = Json::object();
  limits.erase(but);
  return limits;
}

void put_limit(ApiCall& call) {
  Json body;
  if (!call.read_body(body) || !require_keys(call, body, {"value"})) return;
  Json limits = limits_json(*call.vhost(), call.capture("name"));
  limits[call.capture("name")] = body["value"];
  start_operation(call, make_verb(call, "set_vhost_limits", {dump(limits)}), {});
}

void delete_limit(ApiCall& call) {
  const Json limits = limits_json(*call.vhost(), call.capture("name"));
  start_operation(call, make_verb(call, "set_vhost_limits", {dump(limits)}), {});
}

constexpr std::array parameter_table{
    ApiRoute{"GET", "/parameters", list_parameters, maker},
    ApiRoute{"GET", "/parameters/:component", list_parameters, maker},
    ApiRoute{"GET", "/parameters/:component/:vhost", list_parameters, maker, login},
    ApiRoute{"GET", "/parameters/:component/:vhost/:name", show_parameter, maker, login},
    ApiRoute{"PUT", "/parameters/:component/:vhost/:name", put_parameter, maker, login},
    ApiRoute{"DELETE", "/parameters/:component/:vhost/:name", delete_parameter, maker, login},
    ApiRoute{"GET", "/global-parameters", list_globals, maker},
    ApiRoute{"GET", "/global-parameters/:name", show_global, maker},
    ApiRoute{"PUT", "/global-parameters/:name", put_global, maker},
    ApiRoute{"DELETE", "/global-parameters/:name", delete_global, maker},
    ApiRoute{"GET", "/cluster-name", show_cluster_name},
    ApiRoute{"PUT", "/cluster-name", put_cluster_name, admin},
    ApiRoute{"GET", "/vhost-limits", list_limits},
    ApiRoute{"GET", "/vhost-limits/:vhost", list_limits, ApiRight::management, ApiVhost::visible},
    ApiRoute{"PUT", "/vhost-limits/:vhost/:name", put_limit, admin, login},
    ApiRoute{"DELETE", "/vhost-limits/:vhost/:name", delete_limit, admin, login},
};

}  // namespace

std::span<const ApiRoute> api_parameter_routes() { return parameter_table; }

}  // namespace lepus::server
