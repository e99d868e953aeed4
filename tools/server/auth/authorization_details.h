// Rich authorization requests (RFC 9396) in a token, as scopes. As RabbitMQ reads them. Pure.
//
//   {"type": T, "locations": ["cluster:C/vhost:V/queue:Q"], "actions": ["read", "management"]}
//
// T is the resource server's type, and C a pattern that its id matches. An action is a permission
// at each location, or a tag; a location without queue and exchange is any name, and so on.
#pragma once

#include <simdjson.h>

#include <string>
#include <vector>

#include "tools/server/auth/resource_servers.h"

namespace lepus::server {

/// With "ID." before each. One more than limits::token_scopes_max stands for all that are too many.
std::vector<std::string> scopes_of_details(const ResourceServer& server,
                                           const simdjson::dom::array& details);

}  // namespace lepus::server
