// auth_oauth2.*: whose tokens are taken, and how they are read. Plain data.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

namespace lepus::server {

/// What scopes of other names stand for, in the two ways of the configuration.
struct OAuth2Aliases {
  struct Numbered {
    std::string alias;
    std::string scopes;
    bool operator==(const Numbered&) const = default;
  };
  std::map<std::string, std::string> by_name;  ///< scope_aliases.ALIAS
  std::map<std::string, Numbered> by_number;   ///< scope_aliases.N.alias and .scope
  bool operator==(const OAuth2Aliases&) const = default;
};

/// Where the keys come from that tokens are signed with.
struct OAuth2Provider {
  std::string issuer;
  std::string discovery_path;  ///< "": that of OpenID Connect.
  std::map<std::string, std::string> discovery_parameters;
  std::string jwks_url;                          ///< "": the issuer's discovery document names it.
  std::map<std::string, std::string> key_files;  ///< PEM, by the key's id.
  std::string default_key;                       ///< Of tokens that name none.
  std::vector<std::string> algorithms;           ///< Empty: all that are known.
  std::string ca_file;                           ///< Of https.
  bool verifies_peer = true;
  bool operator==(const OAuth2Provider&) const = default;
};

/// One name of this broker in tokens. What is not set is that of auth_oauth2.* itself.
struct OAuth2ResourceServer {
  std::string id;                           ///< "": as its key. Must be in a token's audience.
  std::string provider;                     ///< "": auth_oauth2.* itself.
  std::string type;                         ///< Of the claim authorization_details.
  std::optional<std::string> scope_prefix;  ///< Of scopes that count; else the id and a dot.
  std::string additional_scopes_key;        ///< Names of claims that have more scopes.
  std::vector<std::string> username_claims;
  std::optional<bool> verifies_audience;
  OAuth2Aliases aliases;
  bool operator==(const OAuth2ResourceServer&) const = default;
};

struct OAuth2Config {
  OAuth2ResourceServer own;  ///< Without an id it is none, but what others inherit.
  std::map<std::string, OAuth2ResourceServer> resource_servers;
  OAuth2Provider provider;
  std::map<std::string, OAuth2Provider> providers;
  bool operator==(const OAuth2Config&) const = default;
};

}  // namespace lepus::server
