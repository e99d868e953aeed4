// GET /vhosts and /vhosts/:vhost, with what is counted in each.
#include <array>
#include <utility>

#include "tools/server/config/config.h"
#include "tools/server/http_api/api_body.h"
#include "tools/server/http_api/api_vhost.h"
#include "tools/server/http_api/fresh_samples.h"
#include "tools/server/http_api/handlers/families.h"
#include "tools/server/http_api/objects/call_context.h"
#include "tools/server/http_api/objects/topology_json.h"

namespace lepus::server {

namespace {

std::string vhost_json(const ApiCall& call, const core::VhostInfo& vhost) {
  JsonWriter json;
  json.begin_object();
  write_vhost_fields(vhost, node_name(call.place().host.config()), json);
  const ObjectContext context = object_context(call);
  if (context.has_stats) write_vhost_statistics(vhost, context, json);
  json.end_object();
  return json.take();
}

void list_vhosts(ApiCall& call) {
  std::vector<ApiRow> rows;
  for (const core::VhostInfo* vhost : call.topology().vhosts())
    if (call.user().may_see(call.topology().access(), vhost->name))
      rows.push_back({"", vhost->name, vhost_json(call, *vhost)});
  reply_rows(call, std::move(rows), {"name"});
}

void show_vhost(ApiCall& call) { call.reply(vhost_json(call, *call.vhost())); }

constexpr std::array vhost_lists_table{
    ApiRoute{"GET", "/vhosts", fresh<list_vhosts>},
    ApiRoute{"GET", "/vhosts/:vhost", fresh<show_vhost>, ApiRight::management, ApiVhost::visible},
};

}  // namespace

std::span<const ApiRoute> api_vhost_list_routes() { return vhost_lists_table; }

}  // namespace lepus::server
