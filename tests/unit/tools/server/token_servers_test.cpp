// Which resource server a token means, what it inherits, and where an issuer's keys are.
#include <gtest/gtest.h>

#include "tools/server/auth/discovery.h"
#include "tools/server/auth/resource_servers.h"

namespace lepus::server {
namespace {

using Texts = std::vector<std::string>;

std::string chosen(const OAuth2Config& config, const Texts& audience) {
  const std::vector<ResourceServer> servers = resolve_resource_servers(config);
  const ChosenServer found = choose_resource_server(servers, audience);
  return found.server != nullptr ? found.server->id : found.error;
}

OAuth2Config two_servers() {
  OAuth2Config config;
  config.own.id = "a";
  config.resource_servers["key"].id = "b";
  return config;
}

TEST(ResourceServers, TheAudienceChooses) {
  const OAuth2Config config = two_servers();
  EXPECT_EQ(chosen(config, {"x", "a"}), "a");
  EXPECT_EQ(chosen(config, {"b"}), "b");
  EXPECT_EQ(chosen(config, {"key"}),
            "it is not meant for 'a' or 'b': its claim 'aud' does not have that");
  EXPECT_EQ(chosen(config, {}), "it is not meant for 'a' or 'b': it has no claim 'aud'");
  EXPECT_EQ(chosen(config, {"a", "b"}),
            "its claim 'aud' names both 'a' and 'b': a token may be meant for one resource server "
            "only");
}

TEST(ResourceServers, OneMayTakeWhatNamesNone) {
  OAuth2Config config = two_servers();
  config.resource_servers["key"].verifies_audience = false;
  EXPECT_EQ(chosen(config, {}), "b");
  EXPECT_EQ(chosen(config, {"x"}), "b");
  EXPECT_EQ(chosen(config, {"a"}), "a");
  config.own.verifies_audience = false;
  EXPECT_EQ(chosen(config, {}),
            "its claim 'aud' names no resource server, and both 'a' and 'b' would take it: "
            "verify_aud may be false for one only");
}

TEST(ResourceServers, WhatIsNotSetIsInherited) {
  OAuth2Config config = two_servers();
  config.own.additional_scopes_key = "roles";
  config.own.provider = "p";
  config.own.aliases.by_name = {{"x", "y"}};
  auto servers = resolve_resource_servers(config);
  ASSERT_EQ(servers.size(), 2U);
  EXPECT_EQ(servers[0].scope_prefix, "a.");
  EXPECT_EQ(servers[1].scope_prefix, "b.");
  EXPECT_EQ(servers[1].additional_scopes_key, "roles");
  EXPECT_EQ(servers[1].provider, "p");
  EXPECT_EQ(servers[1].aliases.size(), 1U);
  config.own.scope_prefix = "api://";
  config.resource_servers["key"].provider = "q";
  config.resource_servers["key"].aliases.by_number = {{"1", {"z", "w"}}};
  servers = resolve_resource_servers(config);
  EXPECT_EQ(servers[1].scope_prefix, "api://");
  EXPECT_EQ(servers[1].provider, "q");
  EXPECT_EQ(servers[1].aliases, (std::map<std::string, std::string>{{"z", "w"}}));
  config.own.id.clear();
  EXPECT_EQ(resolve_resource_servers(config).size(), 1U) << "without an id it is none";
}

TEST(Discovery, TheDocumentIsBehindTheIssuer) {
  OAuth2Provider provider;
  provider.issuer = "https://issuer/realm/";
  EXPECT_EQ(discovery_url(provider), "https://issuer/realm/.well-known/openid-configuration");
  provider.discovery_path = "/where";
  provider.discovery_parameters = {{"a", "b c"}, {"d", "1"}};
  EXPECT_EQ(discovery_url(provider), "https://issuer/realm/where?a=b%20c&d=1");
}

TEST(Discovery, TheDocumentNamesTheKeys) {
  OAuth2Provider provider;
  provider.issuer = "https://issuer";
  const auto read = [&](std::string_view json) {
    const Discovered found = read_discovery(json, provider);
    return found.error.empty() ? found.jwks_url : found.error;
  };
  EXPECT_EQ(read(R"({"issuer":"https://issuer","jwks_uri":"https://keys"})"), "https://keys");
  EXPECT_EQ(read("<html>"), "it is not a JSON object");
  EXPECT_EQ(read("[]"), "it is not a JSON object");
  EXPECT_EQ(read(R"({"jwks_uri":"https://keys"})"), "it names no 'issuer'");
  EXPECT_EQ(read(R"({"issuer":"https://issuer","jwks_uri":7})"), "it names no 'jwks_uri'");
  EXPECT_EQ(read(R"({"issuer":"x","jwks_uri":"file:///etc/passwd"})"),
            "its 'jwks_uri' is 'file:///etc/passwd', which is no URL of http or https");
  EXPECT_EQ(read(R"({"issuer":"x","jwks_uri":"http://keys"})"),
            "its 'jwks_uri' is 'http://keys', though the issuer has https");
  provider.issuer = "http://issuer";
  EXPECT_EQ(read(R"({"issuer":"x","jwks_uri":"http://keys"})"), "http://keys");
}

}  // namespace
}  // namespace lepus::server
