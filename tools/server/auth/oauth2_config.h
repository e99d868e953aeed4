// auth_oauth2.*: whose tokens are taken, and how they are read. Plain data.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

namespace lepus::server {

struct OAuth2Config {
  std::string resource_server_id;           ///< Must be in a token's audience.
  std::optional<std::string> scope_prefix;  ///< Of scopes that count; else the id and a dot.
  std::string additional_scopes_key;        ///< Names of claims that have more scopes.
  std::vector<std::string> username_claims;
  bool verifies_audience = true;
  std::map<std::string, std::string> key_files;  ///< PEM, by the key's id.
  std::string default_key;                       ///< Of tokens that name none.
  std::string jwks_url;
  std::vector<std::string> algorithms;  ///< Empty: all that are known.
  std::map<std::string, std::string> scope_aliases;
  std::string ca_file;  ///< Of https.
  bool verifies_peer = true;
  bool operator==(const OAuth2Config&) const = default;
};

}  // namespace lepus::server
