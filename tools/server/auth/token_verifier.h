// From the text of a token to an answer: its signature by the keys that are known, then what it
// says. Of one thread.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "core/access/auth_port.h"
#include "tools/server/auth/jwt.h"
#include "tools/server/auth/oauth2_config.h"

namespace lepus::server {

class TokenVerifier {
 public:
  explicit TokenVerifier(const OAuth2Config& config) : config_(config) {}

  /// Reads the operator's key files. Empty, or which of them is bad and why.
  [[nodiscard]] std::string load();
  /// Those of jwks_url, in place of what was fetched before.
  void set_fetched(std::vector<JwkSetKey> keys);

  struct Verified {
    core::AuthAnswer answer;  ///< Without its ticket.
    bool wants_keys = false;  ///< It is signed by a key that is not known: others may be fetched.
  };
  Verified verify(std::string_view token, std::int64_t now_s) const;

 private:
  const JwtKey* find_key(const std::string& id) const;
  bool accepts(const std::string& algorithm) const;

  const OAuth2Config config_;
  std::map<std::string, JwtKey> own_;      ///< By id.
  std::map<std::string, JwtKey> fetched_;  ///< By id.
};

}  // namespace lepus::server
