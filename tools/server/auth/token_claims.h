// What the payload of a token whose signature is right says: who it is, what he may do, until when.
// As RabbitMQ reads it. Pure.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "tools/server/auth/oauth2_config.h"

namespace lepus::server {

struct TokenClaims {
  std::string user;
  std::vector<std::string> scopes;  ///< Without the prefix, aliases written out.
  std::int64_t expires_at_s = 0;    ///< Since 1970; 0: never.
  std::string error;                ///< Not empty: why the token is refused.
};

TokenClaims read_claims(const OAuth2Config& config, std::string_view payload, std::int64_t now_s);

}  // namespace lepus::server
