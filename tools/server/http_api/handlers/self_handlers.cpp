// What the API tells of itself, of the caller and of how to log in: /whoami, /login, /auth,
// /version, /extensions, /auth/hash_password, and a page for whoever looks at /api in a browser.
#include <array>
#include <random>

#include "core/access/password_hash.h"
#include "tools/server/admin/json_writer.h"
#include "tools/server/admin/message_json.h"
#include "tools/server/config/config.h"
#include "tools/server/http_api/handlers/families.h"

namespace lepus::server {

namespace {

void show_index(ApiCall& call) {
  call.answer(200,
              "<!DOCTYPE html>\n<title>Lepus: HTTP API</title>\n<h1>HTTP API</h1>\n<p>Paths, "
              "methods and JSON are those of RabbitMQ's management API: GET "
              "<a href=\"overview\">overview</a>, <a href=\"queues\">queues</a>, ...</p>\n",
              {{"content-type", "text/html; charset=utf-8"}});
}

void show_whoami(ApiCall& call) {
  const ApiUser& user = call.user();
  JsonWriter json;
  json.begin_object();
  json.field("name", user.name);
  json.key("tags");
  json.begin_array();
  for (const std::string& tag : user.tags) json.text(tag);
  json.end_array();
  json.field("is_internal_user", user.authority == core::AuthBackend::internal);
  if (const std::uint32_t timeout_s = call.place().settings.login_session_timeout_s; timeout_s > 0)
    json.field("login_session_timeout", timeout_s / 60);
  json.end_object();
  call.reply(json.take());
}

/// As RabbitMQ's: pages of its management UI read the cookie and log in with what it holds. The
/// form was checked on the way here (api_entry.h).
void log_in(ApiCall& call) {
  const ApiQuery form{call.request().body};
  const std::string credentials =
      std::string{form.get("username")} + ":" + std::string{form.get("password")};
  std::string cookie = "auth=" + encode_base64(core::as_bytes(credentials)) + "; Version=1";
  const std::uint32_t timeout_s = call.place().settings.login_session_timeout_s;
  if (timeout_s > 0) cookie += "; Max-Age=" + std::to_string(timeout_s);
  cookie += "; SameSite=Strict";
  if (call.request().security != nullptr && call.request().security->is_tls) cookie += "; Secure";
  call.answer(200, "\"ok\"", {{"cache-control", "no-cache"}, {"set-cookie", cookie}});
}

void log_out(ApiCall& call) {
  call.answer(204, {}, {{"set-cookie", "auth=; Version=1; Max-Age=0; SameSite=Strict"}});
}

void show_version(ApiCall& call) {
  JsonWriter json;
  json.text(call.place().host.config().product_version);
  call.reply(json.take());
}

/// RabbitMQ's page would send its user to a provider's page; here one may log in with a token.
void show_auth(ApiCall& call) {
  bool takes_tokens = false;
  for (const auto& [number, step] : call.place().host.config().auth.backends)
    takes_tokens = takes_tokens || step.authn == core::AuthBackend::oauth2;
  JsonWriter json;
  json.begin_object();
  json.field("oauth_enabled", false);
  json.field("takes_tokens", takes_tokens);
  json.end_object();
  call.reply(json.take());
}

void show_extensions(ApiCall& call) { call.reply("[]"); }

void hash_password(ApiCall& call) {
  std::random_device device;
  JsonWriter json;
  json.begin_object();
  json.field("ok", core::hash_password(call.capture("password"), device()));
  json.end_object();
  call.reply(json.take());
}

constexpr std::array self_table{
    ApiRoute{"GET", "/", show_index, ApiRight::anybody},
    ApiRoute{"GET", "/whoami", show_whoami},
    ApiRoute{"POST", "/login", log_in},
    ApiRoute{"DELETE", "/login", log_out, ApiRight::anybody},
    ApiRoute{"GET", "/version", show_version},
    ApiRoute{"GET", "/auth", show_auth, ApiRight::anybody},
    ApiRoute{"GET", "/extensions", show_extensions},
    ApiRoute{"GET", "/auth/hash_password/:password", hash_password},
};

}  // namespace

std::span<const ApiRoute> api_self_routes() { return self_table; }

}  // namespace lepus::server
