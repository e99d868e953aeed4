// Any text as a token, as the claims of one, and as a set of keys: an answer comes of it, no more.
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "core/access/scopes.h"
#include "tools/server/auth/discovery.h"
#include "tools/server/auth/token_claims.h"
#include "tools/server/auth/token_verifier.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace lepus;
  const std::string_view text{reinterpret_cast<const char*>(data), size};
  server::OAuth2Config config;
  config.own.id = "rabbitmq";
  config.own.type = "rabbitmq";
  config.own.additional_scopes_key = "roles a.b.c";
  server::TokenVerifier verifier{config};
  std::string error;
  verifier.set_fetched("", server::read_jwk_set(text, error));
  (void)verifier.verify(text, 1);
  const server::TokenClaims claims =
      server::read_claims(server::resolve_resource_servers(config).front(), text, 1);
  (void)server::read_audience(text);
  (void)server::read_discovery(text, config.provider);
  const core::Scopes scopes{claims.scopes};
  (void)scopes.allow("/",
                     core::AccessQuestion{core::Permission::read, core::ResourceKind::queue, text});
  (void)core::ScopePattern{text}.matches(text);
  return 0;
}
