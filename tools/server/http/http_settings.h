// What the configuration says about HTTP, as the services want it.
#pragma once

#include "tools/server/http_api/api_settings.h"

namespace lepus::server {

struct ServerConfig;

ApiSettings make_api_settings(const ServerConfig& config);

}  // namespace lepus::server
