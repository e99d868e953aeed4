// /policies and /operator-policies: the same but for who may change them.
#include <array>
#include <utility>

#include <fmt/format.h>

#include "tools/server/http_api/api_body.h"
#include "tools/server/http_api/api_operation.h"
#include "tools/server/http_api/handlers/families.h"

namespace lepus::server {

namespace {

using Json = ApiCall::Json;

ApiRow policy_row(const core::PolicySpec& spec) {
  JsonWriter json;
  json.begin_object();
  json.field("vhost", spec.vhost);
  json.field("name", spec.name);
  json.field("pattern", spec.pattern);
  json.field("apply-to", core::policy_target_name(spec.target));
  json.key("definition");
  json.raw(spec.json.empty() ? "{}" : spec.json);
  json.field("priority", spec.priority);
  json.end_object();
  return {spec.vhost, spec.name, json.take()};
}

template <bool IsOperator>
const core::PolicyList& policies_of(const core::VhostInfo& vhost) {
  return IsOperator ? vhost.operator_policies : vhost.policies;
}

template <bool IsOperator>
void list_policies(ApiCall& call) {
  std::vector<ApiRow> rows;
  for (const core::VhostInfo* vhost : call.topology().vhosts()) {
    if (call.has_capture("vhost") && vhost != call.vhost()) continue;
    if (!call.has_capture("vhost") &&
        !call.user().may_look_into(call.topology().access(), vhost->name))
      continue;
    for (const auto& policy : policies_of<IsOperator>(*vhost).all())
      rows.push_back(policy_row(policy->spec));
  }
  reply_rows(call, std::move(rows));
}

template <bool IsOperator>
const core::Policy* find_policy(const ApiCall& call) {
  return policies_of<IsOperator>(*call.vhost()).find(call.capture("name"));
}

template <bool IsOperator>
void show_policy(ApiCall& call) {
  const core::Policy* policy = find_policy<IsOperator>(call);
  if (policy == nullptr) return call.not_found();
  call.reply(policy_row(policy->spec).json);
}

/// Definition and priority as they are: the verb says what is wrong with them.
template <bool IsOperator>
void put_policy(ApiCall& call) {
  Json body;
  if (!call.read_body(body) || !require_keys(call, body, {"pattern", "definition"})) return;
  const auto pattern = read_text(call, body, "pattern");
  if (!pattern) return;
  const auto apply_to = read_text(call, body, "apply-to", IsOperator ? "queues" : "all");
  if (!apply_to) return;
  AdminRequest request = make_verb(call, IsOperator ? "set_operator_policy" : "set_policy",
                                   {call.capture("name"), *pattern, dump(body["definition"])});
  request.options.emplace("apply_to", *apply_to);
  if (body.contains("priority") && !body["priority"].is_null())
    request.options.emplace("priority", dump(body["priority"]));
  const bool is_new = find_policy<IsOperator>(call) == nullptr;
  start_operation(call, std::move(request), {.status = is_new ? 201U : 204U});
}

template <bool IsOperator>
void delete_policy(ApiCall& call) {
  if (find_policy<IsOperator>(call) == nullptr) return call.not_found();
  start_operation(call,
                  make_verb(call, IsOperator ? "clear_operator_policy" : "clear_policy",
                            {call.capture("name")}),
                  {});
}

constexpr std::array policy_table{
    ApiRoute{"GET", "/policies", list_policies<false>},
    ApiRoute{"GET", "/policies/:vhost", list_policies<false>, any, login},
    ApiRoute{"GET", "/policies/:vhost/:name", show_policy<false>, maker, login},
    ApiRoute{"PUT", "/policies/:vhost/:name", put_policy<false>, maker, login},
    ApiRoute{"DELETE", "/policies/:vhost/:name", delete_policy<false>, maker, login},
    ApiRoute{"GET", "/operator-policies", list_policies<true>},
    ApiRoute{"GET", "/operator-policies/:vhost", list_policies<true>, any, login},
    ApiRoute{"GET", "/operator-policies/:vhost/:name", show_policy<true>, maker, login},
    ApiRoute{"PUT", "/operator-policies/:vhost/:name", put_policy<true>, admin, login},
    ApiRoute{"DELETE", "/operator-policies/:vhost/:name", delete_policy<true>, admin, login},
};

}  // namespace

std::span<const ApiRoute> api_policy_routes() { return policy_table; }

}  // namespace lepus::server
