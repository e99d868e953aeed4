// The families of paths, one file each. A new family is one line here and one in api_families.cpp.
#pragma once

#include <span>

#include "tools/server/http_api/api_call.h"
#include "tools/server/http_api/api_route.h"

namespace lepus::server {

std::span<const ApiRoute> api_node_routes();
std::span<const ApiRoute> api_self_routes();
std::span<const ApiRoute> api_statistics_routes();

}  // namespace lepus::server
