// See api_families.h.
#include "tools/server/http_api/api_families.h"

#include <array>

#include "tools/server/http_api/api_service.h"

namespace lepus::server {

std::span<const std::span<const ApiRoute>> api_core_routes() {
  static const std::array families{
      api_node_routes(),
      api_self_routes(),
      api_statistics_routes(),
  };
  return families;
}

}  // namespace lepus::server
