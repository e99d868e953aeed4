// See families.h.
#include "tools/server/http_api/handlers/families.h"

#include <array>

#include "tools/server/http_api/api_service.h"

namespace lepus::server {

std::span<const std::span<const ApiRoute>> api_core_routes() {
  static const std::array families{
      api_self_routes(),       api_user_routes(),       api_permission_routes(),
      api_vhost_routes(),      api_vhost_list_routes(), api_policy_routes(),
      api_parameter_routes(),  api_topology_routes(),   api_binding_routes(),
      api_message_routes(),    api_connection_routes(), api_definition_routes(),
      api_health_routes(),     api_node_routes(),       api_overview_routes(),
      api_statistics_routes(), api_thread_routes(),     api_bypass_routes(),
      api_shovel_routes(),     api_live_routes(),
  };
  return families;
}

}  // namespace lepus::server
