// What the payload of a token says: whom it is meant for, and, once its signature is known to be
// right, who it is, what he may do, until when. As RabbitMQ reads it. Pure.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "tools/server/auth/resource_servers.h"

namespace lepus::server {

struct TokenClaims {
  std::string user;
  std::vector<std::string> scopes;  ///< Without the prefix, aliases written out.
  std::int64_t expires_at_s = 0;    ///< Since 1970; 0: never.
  std::string error;                ///< Not empty: why the token is refused.
};

/// The claim `aud`; nothing when there is none, or no payload.
std::vector<std::string> read_audience(std::string_view payload);

TokenClaims read_claims(const ResourceServer& server, std::string_view payload, std::int64_t now_s);

}  // namespace lepus::server
