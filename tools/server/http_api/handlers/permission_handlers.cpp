// What users may do: /permissions, /topic-permissions, and the same below /users and /vhosts.
#include <array>
#include <utility>

#include "tools/server/http_api/api_body.h"
#include "tools/server/http_api/api_operation.h"
#include "tools/server/http_api/handlers/families.h"

namespace lepus::server {

namespace {

using Json = ApiCall::Json;

ApiRow permission_row(const core::PermissionSpec& spec) {
  JsonWriter json;
  json.begin_object();
  json.field("user", spec.user);
  json.field("vhost", spec.vhost);
  json.field("configure", spec.configure);
  json.field("write", spec.write);
  json.field("read", spec.read);
  json.end_object();
  return {spec.vhost, spec.user, json.take()};
}

ApiRow topic_permission_row(const core::TopicPermissionSpec& spec) {
  JsonWriter json;
  json.begin_object();
  json.field("user", spec.user);
  json.field("vhost", spec.vhost);
  json.field("exchange", spec.exchange);
  json.field("write", spec.write);
  json.field("read", spec.read);
  json.end_object();
  return {spec.vhost, spec.user, json.take()};
}

void add_rows(const core::VhostAccess& access, bool is_topic, std::vector<ApiRow>& rows) {
  if (!is_topic && access.grant) rows.push_back(permission_row(access.grant->spec));
  if (is_topic)
    for (const auto& [exchange, topic] : access.topics)
      rows.push_back(topic_permission_row(topic.spec));
}

/// Of those that are named in the path; of all users and virtual hosts where none is.
template <bool IsTopic>
void list(ApiCall& call) {
  const core::Access& access = call.topology().access();
  if (call.has_capture("vhost") && call.vhost() == nullptr) return call.not_found();
  if (call.has_capture("user") && access.find_user(call.capture("user")) == nullptr)
    return call.not_found();
  std::vector<ApiRow> rows;
  for (const core::UserInfo* user : access.users()) {
    if (call.has_capture("user") && user->spec.name != call.capture("user")) continue;
    for (const auto& [vhost, granted] : user->vhosts)
      if (!call.has_capture("vhost") || vhost == call.capture("vhost"))
        add_rows(granted, IsTopic, rows);
  }
  reply_rows(call, std::move(rows));
}

const core::VhostAccess* find_access(const ApiCall& call) {
  return call.topology().access().find({call.capture("user"), call.capture("vhost")});
}

// --- Permissions

void show_permissions(ApiCall& call) {
  const core::VhostAccess* access = find_access(call);
  if (access == nullptr || !access->grant) return call.not_found();
  call.reply(permission_row(access->grant->spec).json);
}

bool has_both(ApiCall& call) {
  if (call.vhost() != nullptr &&
      call.topology().access().find_user(call.capture("user")) != nullptr)
    return true;
  call.bad_request("vhost_or_user_not_found");
  return false;
}

void put_permissions(ApiCall& call) {
  Json body;
  if (!call.read_body(body) || !require_keys(call, body, {"configure", "write", "read"})) return;
  const auto configure = read_text(call, body, "configure");
  if (!configure) return;
  const auto write = read_text(call, body, "write");
  if (!write) return;
  const auto read = read_text(call, body, "read");
  if (!read || !has_both(call)) return;
  const core::VhostAccess* access = find_access(call);
  const bool is_new = access == nullptr || !access->grant;
  start_operation(
      call, make_verb(call, "set_permissions", {call.capture("user"), *configure, *write, *read}),
      {.status = is_new ? 201U : 204U});
}

void delete_permissions(ApiCall& call) {
  const core::VhostAccess* access = find_access(call);
  if (access == nullptr || !access->grant) return call.not_found();
  start_operation(call, make_verb(call, "clear_permissions", {call.capture("user")}), {});
}

// --- Topic permissions

void show_topic_permissions(ApiCall& call) {
  const core::VhostAccess* access = find_access(call);
  if (access == nullptr || access->topics.empty()) return call.not_found();
  std::vector<ApiRow> rows;
  for (const auto& [exchange, topic] : access->topics)
    if (!call.has_capture("exchange") || exchange == call.capture("exchange"))
      rows.push_back(topic_permission_row(topic.spec));
  if (rows.empty()) return call.not_found();
  reply_rows(call, std::move(rows));
}

void put_topic_permissions(ApiCall& call) {
  Json body;
  if (!call.read_body(body)) return;
  if (call.has_capture("exchange")) body["exchange"] = call.capture("exchange");
  if (!require_keys(call, body, {"exchange", "write", "read"})) return;
  const auto exchange = read_text(call, body, "exchange");
  if (!exchange) return;
  const auto write = read_text(call, body, "write");
  if (!write) return;
  const auto read = read_text(call, body, "read");
  if (!read || !has_both(call)) return;
  const core::VhostAccess* access = find_access(call);
  // As with RabbitMQ, whatever the exchange.
  const bool is_new = access == nullptr || access->topics.empty();
  start_operation(
      call,
      make_verb(call, "set_topic_permissions", {call.capture("user"), *exchange, *write, *read}),
      {.status = is_new ? 201U : 204U});
}

void delete_topic_permissions(ApiCall& call) {
  const core::VhostAccess* access = find_access(call);
  std::vector<std::string> words = {call.capture("user")};
  if (call.has_capture("exchange")) words.push_back(call.capture("exchange"));
  const bool is_there =
      access != nullptr &&
      (words.size() == 1 ? !access->topics.empty() : access->topics.contains(words[1]));
  if (!is_there) return call.not_found();
  start_operation(call, make_verb(call, "clear_topic_permissions", std::move(words)), {});
}

constexpr std::array permission_table{
    ApiRoute{"GET", "/permissions", list<false>, admin},
    ApiRoute{"GET", "/permissions/:vhost/:user", show_permissions, admin},
    ApiRoute{"PUT", "/permissions/:vhost/:user", put_permissions, admin},
    ApiRoute{"DELETE", "/permissions/:vhost/:user", delete_permissions, admin},
    ApiRoute{"GET", "/users/:user/permissions", list<false>, admin},
    ApiRoute{"GET", "/vhosts/:vhost/permissions", list<false>, admin},
    ApiRoute{"GET", "/topic-permissions", list<true>, admin},
    ApiRoute{"GET", "/topic-permissions/:vhost/:user", show_topic_permissions, admin},
    ApiRoute{"PUT", "/topic-permissions/:vhost/:user", put_topic_permissions, admin},
    ApiRoute{"DELETE", "/topic-permissions/:vhost/:user", delete_topic_permissions, admin},
    ApiRoute{"GET", "/topic-permissions/:vhost/:user/:exchange", show_topic_permissions, admin},
    ApiRoute{"PUT", "/topic-permissions/:vhost/:user/:exchange", put_topic_permissions, admin},
    ApiRoute{"DELETE", "/topic-permissions/:vhost/:user/:exchange", delete_topic_permissions,
             admin},
    ApiRoute{"GET", "/users/:user/topic-permissions", list<true>, admin},
    ApiRoute{"GET", "/vhosts/:vhost/topic-permissions", list<true>, admin},
};

}  // namespace

std::span<const ApiRoute> api_permission_routes() { return permission_table; }

}  // namespace lepus::server
