// See resource_servers.h.
#include "tools/server/auth/resource_servers.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

namespace lepus::server {

namespace {

std::map<std::string, std::string> aliases_of(const OAuth2Aliases& config) {
  std::map<std::string, std::string> all = config.by_name;
  for (const auto& [number, one] : config.by_number) all.insert_or_assign(one.alias, one.scopes);
  return all;
}

ResourceServer resolve(const OAuth2ResourceServer& config, const OAuth2ResourceServer& root) {
  ResourceServer made;
  made.id = config.id;
  made.provider = config.provider.empty() ? root.provider : config.provider;
  made.type = config.type.empty() ? root.type : config.type;
  made.scope_prefix =
      config.scope_prefix.value_or(root.scope_prefix.value_or(fmt::format("{}.", config.id)));
  made.additional_scopes_key = config.additional_scopes_key.empty() ? root.additional_scopes_key
                                                                    : config.additional_scopes_key;
  made.username_claims =
      config.username_claims.empty() ? root.username_claims : config.username_claims;
  made.verifies_audience = config.verifies_audience.value_or(root.verifies_audience.value_or(true));
  made.aliases = aliases_of(config.aliases == OAuth2Aliases{} ? root.aliases : config.aliases);
  return made;
}

std::string names_of(std::span<const ResourceServer> servers) {
  std::vector<std::string> names;
  for (const ResourceServer& one : servers) names.push_back(fmt::format("'{}'", one.id));
  return fmt::format("{}", fmt::join(names, " or "));
}

ChosenServer choose_unverified(std::span<const ResourceServer> servers, bool has_audience) {
  ChosenServer chosen;
  for (const ResourceServer& one : servers) {
    if (one.verifies_audience) continue;
    if (chosen.server != nullptr)
      return {nullptr, fmt::format("its claim 'aud' names no resource server, and both '{}' and "
                                   "'{}' would take it: verify_aud may be false for one only",
                                   chosen.server->id, one.id)};
    chosen.server = &one;
  }
  if (chosen.server == nullptr)
    chosen.error =
        fmt::format("it is not meant for {}: {}", names_of(servers),
                    has_audience ? "its claim 'aud' does not have that" : "it has no claim 'aud'");
  return chosen;
}

}  // namespace

std::vector<ResourceServer> resolve_resource_servers(const OAuth2Config& config) {
  std::vector<ResourceServer> servers;
  if (!config.own.id.empty()) servers.push_back(resolve(config.own, config.own));
  for (const auto& [name, server] : config.resource_servers) {
    OAuth2ResourceServer named = server;
    if (named.id.empty()) named.id = name;
    servers.push_back(resolve(named, config.own));
  }
  return servers;
}

ChosenServer choose_resource_server(std::span<const ResourceServer> servers,
                                    std::span<const std::string> audience) {
  ChosenServer chosen;
  for (const ResourceServer& one : servers) {
    if (std::find(audience.begin(), audience.end(), one.id) == audience.end()) continue;
    if (chosen.server != nullptr)
      return {nullptr, fmt::format("its claim 'aud' names both '{}' and '{}': a token may be "
                                   "meant for one resource server only",
                                   chosen.server->id, one.id)};
    chosen.server = &one;
  }
  return chosen.server != nullptr ? chosen : choose_unverified(servers, !audience.empty());
}

}  // namespace lepus::server
