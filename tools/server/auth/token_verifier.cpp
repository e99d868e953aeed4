// See token_verifier.h.
#include "tools/server/auth/token_verifier.h"

#include <fmt/format.h>

#include <algorithm>
#include <fstream>
#include <iterator>
#include <utility>

#include "core/access/scopes.h"
#include "core/base/assert.h"
#include "tools/server/auth/token_claims.h"

namespace lepus::server {

using core::AuthAnswer;

namespace {

TokenVerifier::Verified refused_for(std::string why) {
  TokenVerifier::Verified verified;
  verified.answer.kind = AuthAnswer::Kind::refused;
  verified.answer.text = "the token is refused: " + std::move(why);
  return verified;
}

bool accepts(const OAuth2Provider& config, const std::string& algorithm) {
  const auto& names = config.algorithms;
  return names.empty() || std::find(names.begin(), names.end(), algorithm) != names.end();
}

}  // namespace

TokenVerifier::TokenVerifier(const OAuth2Config& config)
    : servers_(resolve_resource_servers(config)) {
  providers_[""].config = config.provider;
  for (const auto& [name, provider] : config.providers) providers_[name].config = provider;
}

std::string TokenVerifier::load() {
  for (auto& [name, provider] : providers_) {
    const std::string keys =
        name.empty() ? "auth_oauth2" : fmt::format("auth_oauth2.oauth_providers.{}", name);
    for (const auto& [id, path] : provider.config.key_files) {
      std::ifstream file{path, std::ios::binary};
      if (!file) return fmt::format("{}.signing_keys.{}: cannot read '{}'", keys, id, path);
      const std::string text{std::istreambuf_iterator<char>{file}, {}};
      JwtKey key;
      if (const std::string why = key.read_pem(text); !why.empty())
        return fmt::format("{}.signing_keys.{}: '{}': {}", keys, id, path, why);
      provider.own.insert_or_assign(id, std::move(key));
    }
  }
  return {};
}

void TokenVerifier::set_fetched(const std::string& provider, std::vector<JwkSetKey> keys) {
  auto& fetched = providers_.at(provider).fetched;
  fetched.clear();
  for (JwkSetKey& one : keys) fetched.insert_or_assign(std::move(one.id), std::move(one.key));
}

/// A token that names none is signed by the default one, or by the only one that there is.
const JwtKey* TokenVerifier::find_key(const Provider& provider, const std::string& id) const {
  const auto& [config, own, fetched] = provider;
  const std::string& wanted = id.empty() ? config.default_key : id;
  for (const auto* keys : {&fetched, &own})
    if (const auto found = keys->find(wanted); found != keys->end()) return &found->second;
  if (!wanted.empty() || own.size() + fetched.size() != 1) return nullptr;
  return own.empty() ? &fetched.begin()->second : &own.begin()->second;
}

TokenVerifier::Verified TokenVerifier::verify(std::string_view text, std::int64_t now_s) const {
  const JwtParsed parsed = parse_jwt(text);
  if (!parsed.error.empty()) return refused_for(parsed.error);
  const Jwt& token = parsed.token;
  const ChosenServer chosen = choose_resource_server(servers_, read_audience(token.payload));
  if (chosen.server == nullptr) return refused_for(chosen.error);
  const auto found = providers_.find(chosen.server->provider);
  CHECK(found != providers_.end());
  const Provider& provider = found->second;
  if (!accepts(provider.config, token.algorithm))
    return refused_for(fmt::format("its algorithm {} is none of those that the configuration names",
                                   token.algorithm));
  const JwtKey* key = find_key(provider, token.key_id);
  if (key == nullptr) {
    Verified unknown = refused_for(fmt::format("its key '{}' is not known", token.key_id));
    unknown.wants_keys = !provider.config.jwks_url.empty() || !provider.config.issuer.empty();
    unknown.provider = chosen.server->provider;
    return unknown;
  }
  if (!key->verifies(token)) return refused_for("its signature is wrong");
  TokenClaims claims = read_claims(*chosen.server, token.payload, now_s);
  if (!claims.error.empty()) return refused_for(claims.error);
  Verified verified;
  verified.answer.kind = AuthAnswer::Kind::allowed;
  verified.answer.tags = core::Scopes{claims.scopes}.tags();
  verified.answer.token = {std::move(claims.user), std::move(claims.scopes), claims.expires_at_s};
  return verified;
}

}  // namespace lepus::server
