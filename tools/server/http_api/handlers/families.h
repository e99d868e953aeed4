// The families of paths, one file each. A new family is one line here and one in families.cpp.
#pragma once

#include <span>

#include "tools/server/http_api/api_call.h"
#include "tools/server/http_api/api_route.h"

namespace lepus::server {

// Short names for tables of routes.
inline constexpr auto any = ApiRight::management;
inline constexpr auto maker = ApiRight::policymaker;
inline constexpr auto monitoring = ApiRight::monitoring;
inline constexpr auto admin = ApiRight::administrator;
inline constexpr auto login = ApiVhost::login;
inline constexpr auto visible = ApiVhost::visible;

std::span<const ApiRoute> api_self_routes();
std::span<const ApiRoute> api_overview_routes();
std::span<const ApiRoute> api_statistics_routes();
std::span<const ApiRoute> api_user_routes();
std::span<const ApiRoute> api_permission_routes();
std::span<const ApiRoute> api_vhost_routes();
std::span<const ApiRoute> api_vhost_list_routes();
std::span<const ApiRoute> api_policy_routes();
std::span<const ApiRoute> api_parameter_routes();
std::span<const ApiRoute> api_topology_routes();
std::span<const ApiRoute> api_binding_routes();
std::span<const ApiRoute> api_message_routes();
std::span<const ApiRoute> api_connection_routes();
std::span<const ApiRoute> api_definition_routes();
std::span<const ApiRoute> api_health_routes();
std::span<const ApiRoute> api_node_routes();
std::span<const ApiRoute> api_thread_routes();
std::span<const ApiRoute> api_bypass_routes();
std::span<const ApiRoute> api_shovel_routes();
std::span<const ApiRoute> api_live_routes();

}  // namespace lepus::server
