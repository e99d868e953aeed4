// Keys of OAuth 2 with names in them, and what they must say together.
#include <gtest/gtest.h>

#include "tools/server/config/config.h"
#include "tools/server/config/config_file.h"
#include "tools/server/config/config_keys.h"
#include "tools/server/config/config_logins.h"

namespace lepus::server {
namespace {

using Pairs = std::vector<std::pair<std::string, std::string>>;

/// Each error on a line of its own.
std::string errors_of(const Pairs& pairs, OAuth2Config* made = nullptr) {
  ConfigResult result;
  result.config.auth.backends = {{1, {core::AuthBackend::oauth2, {}}}};
  for (const auto& [key, value] : pairs) {
    const std::string name = "auth_oauth2." + key;
    const KeyMatch match = find_key(name);  // It points into the name.
    if (match.spec == nullptr) return "no key " + key;
    const auto why = match.spec->set(result.config, {match.variable, value, match.second});
    if (why) return key + ": " + *why;
  }
  check_tokens(result);
  if (made != nullptr) *made = result.config.auth.oauth2;
  std::string all;
  for (const std::string& error : result.errors) all += error + "\n";
  return all;
}

TEST(ConfigTokens, ResourceServersAndProvidersHaveNames) {
  OAuth2Config made;
  EXPECT_EQ(errors_of({{"resource_servers.ops.id", "rabbitmq-ops"},
                       {"resource_servers.ops.oauth_provider_id", "uaa"},
                       {"resource_servers.ops.scope_aliases.admin", "tag:administrator"},
                       {"resource_servers.ops.scope_aliases.1.alias", "api://x"},
                       {"resource_servers.ops.scope_aliases.1.scope", "read:*/*"},
                       {"resource_servers.ops.preferred_username_claims.1", "email"},
                       {"resource_servers.ops.verify_aud", "false"},
                       {"oauth_providers.uaa.issuer", "https://uaa"},
                       {"oauth_providers.uaa.signing_keys.k.1", "/k.pem"},
                       {"oauth_providers.uaa.https.verify", "verify_none"},
                       {"oauth_providers.uaa.algorithms.1", "RS256"},
                       {"oauth_providers.uaa.discovery_endpoint_params.p", "v"}},
                      &made),
            "");
  const OAuth2ResourceServer& ops = made.resource_servers.at("ops");
  EXPECT_EQ(ops.id, "rabbitmq-ops");
  EXPECT_EQ(ops.provider, "uaa");
  EXPECT_EQ(ops.aliases.by_name.at("admin"), "tag:administrator");
  EXPECT_EQ(ops.aliases.by_number.at("1").alias, "api://x");
  EXPECT_EQ(ops.aliases.by_number.at("1").scopes, "read:*/*");
  EXPECT_EQ(ops.username_claims, std::vector<std::string>{"email"});
  EXPECT_EQ(ops.verifies_audience, false);
  const OAuth2Provider& uaa = made.providers.at("uaa");
  EXPECT_EQ(uaa.issuer, "https://uaa");
  EXPECT_EQ(uaa.key_files.at("k.1"), "/k.pem");
  EXPECT_FALSE(uaa.verifies_peer);
  EXPECT_EQ(uaa.algorithms, std::vector<std::string>{"RS256"});
  EXPECT_EQ(uaa.discovery_parameters.at("p"), "v");
}

TEST(ConfigTokens, ErrorsNameTheKey) {
  EXPECT_EQ(errors_of({{"issuer", "https://x"}}),
            "auth_backends: oauth2 needs auth_oauth2.resource_server_id, the name of this broker "
            "in tokens\n");
  EXPECT_EQ(errors_of({{"resource_server_id", "a"}}),
            "auth_oauth2: tokens need keys; set auth_oauth2.issuer, auth_oauth2.jwks_uri or "
            "auth_oauth2.signing_keys.ID\n");
  const Pairs good = {{"resource_server_id", "a"}, {"issuer", "https://x"}};
  const auto with = [&](Pairs more) {
    more.insert(more.begin(), good.begin(), good.end());
    return errors_of(more);
  };
  EXPECT_EQ(with({}), "");
  EXPECT_EQ(with({{"default_oauth_provider", "p"}}),
            "auth_oauth2.default_oauth_provider: there is no auth_oauth2.oauth_providers.p\n");
  EXPECT_EQ(with({{"resource_servers.r.oauth_provider_id", "p"}}),
            "auth_oauth2.resource_servers.r.oauth_provider_id: there is no "
            "auth_oauth2.oauth_providers.p\n");
  EXPECT_EQ(with({{"resource_servers.r.id", "a"}}),
            "auth_oauth2.resource_servers.r: another resource server is called 'a', too\n");
  EXPECT_EQ(with({{"scope_aliases.1.alias", "x"}}),
            "auth_oauth2.scope_aliases.1: set auth_oauth2.scope_aliases.1.scope, too\n");
  EXPECT_EQ(with({{"oauth_providers.p.default_key", "k"}}),
            "auth_oauth2.oauth_providers.p: tokens need keys; set "
            "auth_oauth2.oauth_providers.p.issuer, auth_oauth2.oauth_providers.p.jwks_uri or "
            "auth_oauth2.oauth_providers.p.signing_keys.ID\n"
            "auth_oauth2.oauth_providers.p.default_key: there is no "
            "auth_oauth2.oauth_providers.p.signing_keys.k\n");
  EXPECT_EQ(with({{"oauth_providers.p.jwks_uri", "https://k"},
                  {"oauth_providers.p.discovery_endpoint_path", "x"}}),
            "auth_oauth2.oauth_providers.p.discovery_endpoint_path and "
            "auth_oauth2.oauth_providers.p.discovery_endpoint_params: there is no "
            "auth_oauth2.oauth_providers.p.issuer to be asked\n");
  EXPECT_EQ(with({{"issuer", "https://x?y"}}), "issuer: an issuer has no query and no fragment");
  EXPECT_EQ(nearest_key("auth_oauth2.resource_server.r.scope_prefix"),
            "auth_oauth2.resource_servers.r.scope_prefix");
  EXPECT_EQ(nearest_key("auth_oauth2.oauth_providers.p.signing_key.k"),
            "auth_oauth2.oauth_providers.p.signing_keys.k");
}

}  // namespace
}  // namespace lepus::server
