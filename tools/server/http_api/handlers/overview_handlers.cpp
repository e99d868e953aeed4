// The overview of the broker, its node and what the node's memory is used for.
#include "tools/server/http_api/fresh_samples.h"
#include "tools/server/http_api/handlers/families.h"
#include "tools/server/http_api/objects/call_context.h"
#include "tools/server/http_api/objects/node_json.h"

namespace lepus::server {

namespace {

void show_overview(ApiCall& call) {
  const ObjectContext objects = object_context(call);
  OverviewScope scope;
  std::vector<const core::VhostInfo*> vhosts;
  if (!call.user().is_monitor()) {
    vhosts = visible_vhosts(call);
    scope.vhosts = &vhosts;
    scope.user = call.user().name;
    scope.has_listeners = false;
  }
  JsonWriter json;
  write_overview({objects, call.place().host, call.place().broker}, scope, json);
  call.reply(json.take());
}

void list_nodes(ApiCall& call) {
  const ObjectContext objects = object_context(call);
  JsonWriter json;
  json.begin_array();
  write_node({objects, call.place().host, call.place().broker}, json);
  json.end_array();
  call.reply(json.take());
}

void show_node(ApiCall& call) {
  if (call.capture("node") != node_name(call.place().host.config())) return call.not_found();
  const ObjectContext objects = object_context(call);
  const NodeContext node{objects, call.place().host, call.place().broker};
  JsonWriter json;
  write_node(node, json);
  std::string text = json.take();
  if (!call.query().is_true("memory")) return call.reply(text);
  write_node_memory(node, false, json);
  text.back() = ',';
  call.reply(text + "\"memory\":" + json.take() + "}");
}

template <bool is_relative>
void show_memory(ApiCall& call) {
  if (call.capture("node") != node_name(call.place().host.config())) return call.not_found();
  const ObjectContext objects = object_context(call);
  JsonWriter json;
  json.begin_object();
  json.key("memory");
  write_node_memory({objects, call.place().host, call.place().broker}, is_relative, json);
  json.end_object();
  call.reply(json.take());
}

using R = ApiRight;
constexpr ApiRoute overview_list[] = {
    {"GET", "/overview", fresh<show_overview>},
    {"GET", "/nodes", fresh<list_nodes>, R::monitoring},
    {"GET", "/nodes/:node", fresh<show_node>, R::monitoring},
    {"GET", "/nodes/:node/memory", fresh<show_memory<false>>, R::monitoring},
    {"GET", "/nodes/:node/memory/relative", fresh<show_memory<true>>, R::monitoring},
};

}  // namespace

std::span<const ApiRoute> api_overview_routes() { return overview_list; }

}  // namespace lepus::server
