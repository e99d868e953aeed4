// See token_verifier.h.
#include "tools/server/auth/token_verifier.h"

#include <fmt/format.h>

#include <algorithm>
#include <fstream>
#include <iterator>
#include <utility>

#include "core/access/scopes.h"
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

}  // namespace

std::string TokenVerifier::load() {
  for (const auto& [id, path] : config_.key_files) {
    std::ifstream file{path, std::ios::binary};
    if (!file) return fmt::format("auth_oauth2.signing_keys.{}: cannot read '{}'", id, path);
    const std::string text{std::istreambuf_iterator<char>{file}, {}};
    JwtKey key;
    if (const std::string why = key.read_pem(text); !why.empty())
      return fmt::format("auth_oauth2.signing_keys.{}: '{}': {}", id, path, why);
    own_.insert_or_assign(id, std::move(key));
  }
  return {};
}

void TokenVerifier::set_fetched(std::vector<JwkSetKey> keys) {
  fetched_.clear();
  for (JwkSetKey& one : keys) fetched_.insert_or_assign(std::move(one.id), std::move(one.key));
}

/// A token that names none is signed by the default one, or by the only one that there is.
const JwtKey* TokenVerifier::find_key(const std::string& id) const {
  const std::string& wanted = id.empty() ? config_.default_key : id;
  for (const auto* keys : {&fetched_, &own_})
    if (const auto found = keys->find(wanted); found != keys->end()) return &found->second;
  if (!wanted.empty() || own_.size() + fetched_.size() != 1) return nullptr;
  return own_.empty() ? &fetched_.begin()->second : &own_.begin()->second;
}

bool TokenVerifier::accepts(const std::string& algorithm) const {
  const auto& names = config_.algorithms;
  return names.empty() || std::find(names.begin(), names.end(), algorithm) != names.end();
}

TokenVerifier::Verified TokenVerifier::verify(std::string_view text, std::int64_t now_s) const {
  const JwtParsed parsed = parse_jwt(text);
  if (!parsed.error.empty()) return refused_for(parsed.error);
  const Jwt& token = parsed.token;
  if (!accepts(token.algorithm))
    return refused_for(
        fmt::format("its algorithm {} is none of auth_oauth2.algorithms", token.algorithm));
  const JwtKey* key = find_key(token.key_id);
  if (key == nullptr) {
    Verified unknown = refused_for(fmt::format("its key '{}' is not known", token.key_id));
    unknown.wants_keys = !config_.jwks_url.empty();
    return unknown;
  }
  if (!key->verifies(token)) return refused_for("its signature is wrong");
  TokenClaims claims = read_claims(config_, token.payload, now_s);
  if (!claims.error.empty()) return refused_for(claims.error);
  Verified verified;
  verified.answer.kind = AuthAnswer::Kind::allowed;
  verified.answer.tags = core::Scopes{claims.scopes}.tags();
  verified.answer.token = {std::move(claims.user), std::move(claims.scopes), claims.expires_at_s};
  return verified;
}

}  // namespace lepus::server
