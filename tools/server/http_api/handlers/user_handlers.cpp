// Users: /users, /users/bulk-delete, /users/without-permissions, /user-limits.
#include <array>
#include <functional>
#include <utility>

#include <fmt/format.h>

#include "persist/catalog/access_rows.h"
#include "tools/server/http_api/api_body.h"
#include "tools/server/http_api/api_operation.h"
#include "tools/server/http_api/handlers/families.h"

namespace lepus::server {

namespace {

using Json = ApiCall::Json;

std::string limits_json(const core::UserLimits& limits) {
  JsonWriter json;
  json.begin_object();
  if (limits.connections) json.field("max-connections", *limits.connections);
  if (limits.channels) json.field("max-channels", *limits.channels);
  json.end_object();
  return json.take();
}

std::string user_json(const core::UserSpec& user) {
  JsonWriter json;
  json.begin_object();
  json.field("name", user.name);
  json.field("password_hash", user.password_hash);
  json.field("hashing_algorithm", user.hashing_algorithm);
  json.key("tags");
  json.begin_array();
  for (const std::string& tag : user.tags) json.text(tag);
  json.end_array();
  json.key("limits");
  json.raw(limits_json(user.limits));
  json.end_object();
  return json.take();
}

const core::UserInfo* find_user(const ApiCall& call) {
  return call.topology().access().find_user(call.capture("user"));
}

void list(ApiCall& call, const std::function<bool(const core::UserInfo&)>& is_shown) {
  std::vector<ApiRow> rows;
  for (const core::UserInfo* user : call.topology().access().users())
    if (is_shown(*user)) rows.push_back({"", user->spec.name, user_json(user->spec)});
  reply_rows(call, std::move(rows), {"name"});
}
void list_users(ApiCall& call) {
  list(call, [](const core::UserInfo&) { return true; });
}
void list_users_without_permissions(ApiCall& call) {
  list(call, [](const core::UserInfo& user) {
    for (const auto& [vhost, access] : user.vhosts)
      if (access.grant) return false;
    return true;
  });
}

void show_user(ApiCall& call) {
  const core::UserInfo* user = find_user(call);
  if (user == nullptr) return call.not_found();
  call.reply(user_json(user->spec));
}

/// What a body says of the password, as words of put_user. Nothing: the call was answered.
std::optional<std::vector<std::string>> read_secret(ApiCall& call, const Json& body) {
  const bool has_hash = body.contains("password_hash");
  if (!has_hash && !body.contains("password")) return std::vector<std::string>{"keep", "", ""};
  const auto text = read_text(call, body, has_hash ? "password_hash" : "password");
  if (!text) return std::nullopt;
  if (!has_hash) return std::vector<std::string>{"password", *text, ""};
  auto algorithm = read_text(call, body, "hashing_algorithm");
  if (!algorithm) return std::nullopt;
  return std::vector<std::string>{"hash", *text, *std::move(algorithm)};
}

void put_user(ApiCall& call) {
  Json body;
  if (!call.read_body(body)) return;
  if (!body.contains("tags") && !body.contains("administrator"))
    return call.bad_request("tags_not_present");
  auto tags = read_words(call, body, "tags");
  if (!tags) return;
  auto secret = read_secret(call, body);
  if (!secret) return;
  std::vector<std::string> words = {call.capture("user")};
  words.insert(words.end(), secret->begin(), secret->end());
  words.insert(words.end(), tags->begin(), tags->end());
  start_operation(call, make_verb(call, "put_user", std::move(words)),
                  {.status = find_user(call) == nullptr ? 201U : 204U});
}

void delete_user(ApiCall& call) {
  if (find_user(call) == nullptr) return call.not_found();
  start_operation(call, make_verb(call, "delete_user", {call.capture("user")}), {});
}

/// All of them or none, as far as they are there now.
void delete_users(ApiCall& call) {
  Json body;
  if (!call.read_body(body) || !require_keys(call, body, {"users"})) return;
  const auto names = read_words(call, body, "users");
  if (!names) return;
  std::vector<AdminRequest> requests;
  for (const std::string& name : *names) {
    if (call.topology().access().find_user(name) == nullptr)
      return refuse_value(call, "no_such_user", name);
    requests.push_back(make_verb(call, "delete_user", {name}));
  }
  if (requests.empty()) return call.answer(204);
  start_operations(call, std::move(requests), {});
}

// --- Limits

ApiRow limits_row(const core::UserSpec& user) {
  JsonWriter json;
  json.begin_object();
  json.field("user", user.name);
  json.key("value");
  json.raw(limits_json(user.limits));
  json.end_object();
  return {"", user.name, json.take()};
}

void list_user_limits(ApiCall& call) {
  const auto is_shown = [&](const core::UserInfo& user) {
    return user.spec.limits != core::UserLimits{} && call.user().may_see_user(user.spec.name);
  };
  std::vector<ApiRow> rows;
  if (call.has_capture("user")) {
    const core::UserInfo* user = find_user(call);
    if (user == nullptr) return call.not_found();
    if (is_shown(*user)) rows.push_back(limits_row(user->spec));
  } else {
    for (const core::UserInfo* user : call.topology().access().users())
      if (is_shown(*user)) rows.push_back(limits_row(user->spec));
  }
  reply_rows(call, std::move(rows), {"name"});
}

void put_user_limit(ApiCall& call) {
  Json body;
  if (!call.read_body(body) || !require_keys(call, body, {"value"})) return;
  if (find_user(call) == nullptr) return refuse_value(call, "no_such_user", call.capture("user"));
  const Json limits = {{call.capture("name"), body["value"]}};
  start_operation(call, make_verb(call, "set_user_limits", {call.capture("user"), dump(limits)}),
                  {});
}

void delete_user_limit(ApiCall& call) {
  if (find_user(call) == nullptr) return call.not_found();
  const std::string& name = call.capture("name");
  if (name != "max-connections" && name != "max-channels")
    return call.bad_request(fmt::format("there is no limit '{}' of a user", name));
  start_operation(call, make_verb(call, "clear_user_limits", {call.capture("user"), name}), {});
}

constexpr std::array user_table{
    ApiRoute{"GET", "/users", list_users, admin},
    ApiRoute{"GET", "/users/without-permissions", list_users_without_permissions, admin},
    ApiRoute{"POST", "/users/bulk-delete", delete_users, admin},
    ApiRoute{"GET", "/users/:user", show_user, admin},
    ApiRoute{"PUT", "/users/:user", put_user, admin},
    ApiRoute{"DELETE", "/users/:user", delete_user, admin},
    ApiRoute{"GET", "/user-limits", list_user_limits},
    ApiRoute{"GET", "/user-limits/:user", list_user_limits},
    ApiRoute{"PUT", "/user-limits/:user/:name", put_user_limit, admin},
    ApiRoute{"DELETE", "/user-limits/:user/:name", delete_user_limit, admin},
};

}  // namespace

std::span<const ApiRoute> api_user_routes() { return user_table; }

}  // namespace lepus::server
