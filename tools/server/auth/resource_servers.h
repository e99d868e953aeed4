// Under which names tokens may mean this broker, and which of them a token means. As RabbitMQ
// chooses. Pure.
#pragma once

#include <map>
#include <span>
#include <string>
#include <vector>

#include "tools/server/auth/oauth2_config.h"

namespace lepus::server {

/// With all that it inherits.
struct ResourceServer {
  std::string id;
  std::string provider;  ///< "": that of auth_oauth2.* itself.
  std::string type;      ///< "": the claim authorization_details gives nothing.
  std::string scope_prefix;
  std::string additional_scopes_key;
  std::vector<std::string> username_claims;
  bool verifies_audience = true;
  std::map<std::string, std::string> aliases;
};

std::vector<ResourceServer> resolve_resource_servers(const OAuth2Config& config);

struct ChosenServer {
  const ResourceServer* server = nullptr;  ///< Of those given.
  std::string error;                       ///< Not empty: there is none, and why.
};
/// The one that `audience` names; when it names none, the only one that does not verify it.
ChosenServer choose_resource_server(std::span<const ResourceServer> servers,
                                    std::span<const std::string> audience);

}  // namespace lepus::server
