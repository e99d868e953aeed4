// Who may log in, and who says so: the part of ServerConfig about logins.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "core/access/auth_port.h"
#include "core/access/credential_rule.h"
#include "core/access/login_guard.h"
#include "core/limits/logins.h"
#include "tools/server/auth/oauth2_config.h"

namespace lepus::server {

/// auth_backends.N, as far as it was said: a whole step, or its two halves.
struct AuthStepConfig {
  std::optional<core::AuthBackend> authn;
  std::optional<core::AuthBackend> authz;  ///< Nothing: the same.
  bool operator==(const AuthStepConfig&) const = default;
};

/// auth_http.*: a service that answers allow or deny.
struct AuthHttpConfig {
  bool posts = false;  ///< Else the parameters are in the URL.
  std::string user_path = "http://localhost:8000/auth/user";
  std::string vhost_path = "http://localhost:8000/auth/vhost";
  std::string resource_path = "http://localhost:8000/auth/resource";
  std::string topic_path = "http://localhost:8000/auth/topic";
  std::uint32_t request_timeout_ms = 15'000;
  std::uint32_t connection_timeout_ms = 15'000;
  // Of https; empty: the system's authorities, and no certificate of our own.
  std::string ca_file;
  std::string certificate_file;
  std::string key_file;
  bool verifies_peer = true;
  bool operator==(const AuthHttpConfig&) const = default;
};

struct AuthConfig {
  std::vector<std::string> mechanisms = {"PLAIN", "AMQPLAIN"};  ///< May name unknown ones.
  /// Names that may log in only over a loopback address; need not be users.
  std::vector<std::string> loopback_users = {"guest"};
  std::string anonymous_user = "guest";  ///< Of the mechanism ANONYMOUS; "" = nobody.
  std::string anonymous_password = "guest";
  core::CredentialRule passwords;
  core::LoginLimits failures;
  std::map<unsigned, AuthStepConfig> backends = {{1, {core::AuthBackend::internal, {}}}};
  AuthHttpConfig http;
  OAuth2Config oauth2;
  std::uint32_t cache_ttl_ms = 15'000;
  bool caches_refusals = false;
  std::uint32_t initial_frame_max = core::limits::initial_frame_size_max;
};

}  // namespace lepus::server
