// Virtual hosts: /vhosts, but for what is counted in them.
#include <array>
#include <utility>

#include <fmt/format.h>

#include "tools/server/config/config.h"
#include "tools/server/http_api/api_body.h"
#include "tools/server/http_api/api_operation.h"
#include "tools/server/http_api/api_vhost.h"
#include "tools/server/http_api/handlers/families.h"

namespace lepus::server {

namespace {

using Json = ApiCall::Json;

void write_metadata(const core::VhostSettings& settings, JsonWriter& json) {
  json.field("description", settings.description);
  json.key("tags");
  json.begin_array();
  for (const std::string& tag : settings.tags) json.text(tag);
  json.end_array();
  json.field("default_queue_type", settings.default_queue_type.empty()
                                       ? std::string_view{"classic"}
                                       : std::string_view{settings.default_queue_type});
}

const core::VhostInfo* find_named(const ApiCall& call) {
  return call.topology().find_vhost(call.capture("name"));
}

/// Each a verb of its own, in this order; nothing: the call was answered.
std::optional<std::vector<AdminRequest>> read_vhost(ApiCall& call, const Json& body) {
  AdminRequest add = make_verb(call, "add_vhost", {call.capture("name")});
  for (const char* key : {"description", "default_queue_type"}) {
    const bool is_old_key = !body.contains(key) && key == std::string_view{"default_queue_type"};
    const auto text = read_text(call, body, is_old_key ? "defaultqueuetype" : key);
    if (!text) return std::nullopt;
    if (!text->empty() && *text != "undefined") add.options.emplace(key, *text);
  }
  std::vector<AdminRequest> requests;
  requests.push_back(std::move(add));
  if (body.contains("tags")) {
    auto tags = read_words(call, body, "tags");
    if (!tags) return std::nullopt;
    tags->insert(tags->begin(), call.capture("name"));
    requests.push_back(make_verb(call, "set_vhost_tags", *std::move(tags)));
  }
  if (body.contains("tracing")) {
    const auto traces = read_flag(call, body, "tracing");
    if (!traces) return std::nullopt;
    requests.push_back(make_verb(call, *traces ? "trace_on" : "trace_off"));
    requests.back().vhost = call.capture("name");
  }
  if (body.contains("protected_from_deletion")) {
    const auto protects = read_flag(call, body, "protected_from_deletion");
    if (!protects) return std::nullopt;
    requests.push_back(make_verb(
        call, *protects ? "enable_vhost_deletion_protection" : "disable_vhost_deletion_protection",
        {call.capture("name")}));
  }
  return requests;
}

void put_vhost(ApiCall& call) {
  Json body;
  if (!call.read_body(body)) return;
  auto requests = read_vhost(call, body);
  if (!requests) return;
  const bool is_new = find_named(call) == nullptr;
  start_operations(call, *std::move(requests), {.status = is_new ? 201U : 204U});
}

void delete_vhost(ApiCall& call) {
  const core::VhostInfo* vhost = find_named(call);
  if (vhost == nullptr) return call.not_found();
  if (vhost->settings.protected_from_deletion)
    return call.refuse(412, "precondition_failed",
                       fmt::format("Refusing to delete virtual host '{}' because it is protected "
                                   "from deletion",
                                   vhost->name));
  start_operation(call, make_verb(call, "delete_vhost", {call.capture("name")}), {});
}

void protect_vhost(ApiCall& call) {
  start_operation(call,
                  make_verb(call, "enable_vhost_deletion_protection", {call.capture("vhost")}), {});
}
void unprotect_vhost(ApiCall& call) {
  start_operation(
      call, make_verb(call, "disable_vhost_deletion_protection", {call.capture("vhost")}), {});
}

void show_protection(ApiCall& call) {
  JsonWriter json;
  json.begin_object();
  json.field("protected_from_deletion", call.vhost()->settings.protected_from_deletion);
  json.end_object();
  call.reply(json.take());
}

/// A virtual host runs as long as it is there.
void start_vhost(ApiCall& call) {
  if (call.capture("node") != node_name(call.place().host.config())) return call.not_found();
  call.answer(204);
}

constexpr std::array vhost_table{
    ApiRoute{"PUT", "/vhosts/:name", put_vhost, admin},
    ApiRoute{"DELETE", "/vhosts/:name", delete_vhost, admin},
    ApiRoute{"GET", "/vhosts/:vhost/deletion/protection", show_protection, admin, ApiVhost::login},
    ApiRoute{"POST", "/vhosts/:vhost/deletion/protection", protect_vhost, admin, ApiVhost::login},
    ApiRoute{"DELETE", "/vhosts/:vhost/deletion/protection", unprotect_vhost, admin,
             ApiVhost::login},
    ApiRoute{"POST", "/vhosts/:vhost/start/:node", start_vhost, admin, ApiVhost::login},
};

}  // namespace

void write_vhost_fields(const core::VhostInfo& vhost, const std::string& node, JsonWriter& json) {
  json.field("name", vhost.name);
  write_metadata(vhost.settings, json);
  json.key("metadata");
  json.begin_object();
  write_metadata(vhost.settings, json);
  json.end_object();
  json.field("tracing", vhost.is_traced);
  json.field("protected_from_deletion", vhost.settings.protected_from_deletion);
  json.key("cluster_state");
  json.begin_object();
  json.field(node, "running");
  json.end_object();
}

std::span<const ApiRoute> api_vhost_routes() { return vhost_table; }

}  // namespace lepus::server
