// From the text of a token to an answer: which resource server it means, its signature by the keys
// of that one's provider, then what it says. Of one thread.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "core/access/auth_port.h"
#include "tools/server/auth/jwt.h"
#include "tools/server/auth/oauth2_config.h"
#include "tools/server/auth/resource_servers.h"

namespace lepus::server {

class TokenVerifier {
 public:
  explicit TokenVerifier(const OAuth2Config& config);

  /// Reads the operator's key files. Empty, or which of them is bad and why.
  [[nodiscard]] std::string load();
  /// Of a provider ("": that of auth_oauth2.* itself), in place of what was fetched before.
  void set_fetched(const std::string& provider, std::vector<JwkSetKey> keys);

  struct Verified {
    core::AuthAnswer answer;  ///< Without its ticket.
    bool wants_keys = false;  ///< It is signed by a key that is not known: others may be fetched.
    std::string provider;     ///< Whose keys count.
  };
  Verified verify(std::string_view token, std::int64_t now_s) const;

 private:
  struct Provider {
    OAuth2Provider config;
    std::map<std::string, JwtKey> own;      ///< By id.
    std::map<std::string, JwtKey> fetched;  ///< By id.
  };
  const JwtKey* find_key(const Provider& provider, const std::string& id) const;

  std::vector<ResourceServer> servers_;
  std::map<std::string, Provider> providers_;  ///< By name; "" is always there.
};

}  // namespace lepus::server
