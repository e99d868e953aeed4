// What the keys auth_oauth2.* must say together.
#include <fmt/format.h>

#include <set>

#include "tools/server/config/config_logins.h"

namespace lepus::server {

namespace {

using Errors = std::vector<std::string>;

std::string server_key(const std::string& name) {
  return name.empty() ? "auth_oauth2" : fmt::format("auth_oauth2.resource_servers.{}", name);
}
std::string provider_key(const std::string& name) {
  return name.empty() ? "auth_oauth2" : fmt::format("auth_oauth2.oauth_providers.{}", name);
}

void check_provider(const std::string& name, const OAuth2Provider& provider, Errors& errors) {
  const std::string key = provider_key(name);
  const bool can_fetch = !provider.jwks_url.empty() || !provider.issuer.empty();
  if (!can_fetch && provider.key_files.empty())
    errors.push_back(fmt::format(
        "{0}: tokens need keys; set {0}.issuer, {0}.jwks_uri or {0}.signing_keys.ID", key));
  if (!provider.default_key.empty() && !can_fetch &&
      !provider.key_files.contains(provider.default_key))
    errors.push_back(fmt::format("{0}.default_key: there is no {0}.signing_keys.{1}", key,
                                 provider.default_key));
  const bool asks_issuer =
      !provider.discovery_path.empty() || !provider.discovery_parameters.empty();
  if (asks_issuer && provider.issuer.empty())
    errors.push_back(
        fmt::format("{0}.discovery_endpoint_path and {0}.discovery_endpoint_params: "
                    "there is no {0}.issuer to be asked",
                    key));
}

void check_server(const std::string& name, const OAuth2ResourceServer& server,
                  const OAuth2Config& tokens, Errors& errors) {
  const std::string key = server_key(name);
  if (!server.provider.empty() && !tokens.providers.contains(server.provider))
    errors.push_back(fmt::format("{}.{}: there is no auth_oauth2.oauth_providers.{}", key,
                                 name.empty() ? "default_oauth_provider" : "oauth_provider_id",
                                 server.provider));
  for (const auto& [number, one] : server.aliases.by_number)
    if (one.alias.empty() || one.scopes.empty())
      errors.push_back(fmt::format("{0}.scope_aliases.{1}: set {0}.scope_aliases.{1}.{2}, too", key,
                                   number, one.alias.empty() ? "alias" : "scope"));
}

/// Of the resource servers that there are, with the keys that name them.
std::map<std::string, const OAuth2ResourceServer*> servers_of(const OAuth2Config& tokens) {
  std::map<std::string, const OAuth2ResourceServer*> all;
  if (!tokens.own.id.empty()) all.emplace("", &tokens.own);
  for (const auto& [name, server] : tokens.resource_servers) all.emplace(name, &server);
  return all;
}

void check_ids(const OAuth2Config& tokens, Errors& errors) {
  std::set<std::string> ids;
  for (const auto& [name, server] : servers_of(tokens)) {
    const std::string& id = server->id.empty() ? name : server->id;
    if (!ids.insert(id).second)
      errors.push_back(
          fmt::format("{}: another resource server is called '{}', too", server_key(name), id));
  }
  if (ids.empty())
    errors.emplace_back(
        "auth_backends: oauth2 needs auth_oauth2.resource_server_id, the name of this broker in "
        "tokens");
}

}  // namespace

void check_tokens(ConfigResult& result) {
  const OAuth2Config& tokens = result.config.auth.oauth2;
  Errors& errors = result.errors;
  check_ids(tokens, errors);
  check_server("", tokens.own, tokens, errors);
  bool needs_own_keys = tokens.providers.empty();
  for (const auto& [name, server] : servers_of(tokens)) {
    needs_own_keys |= server->provider.empty() && tokens.own.provider.empty();
    if (!name.empty()) check_server(name, *server, tokens, errors);
  }
  if (needs_own_keys || tokens.provider != OAuth2Provider{})
    check_provider("", tokens.provider, errors);
  for (const auto& [name, provider] : tokens.providers) check_provider(name, provider, errors);
}

}  // namespace lepus::server
