// See token_claims.h.
#include "tools/server/auth/token_claims.h"

#include <fmt/format.h>
#include <simdjson.h>

#include <algorithm>
#include <optional>
#include <utility>

#include "core/limits/tokens.h"
#include "tools/server/auth/authorization_details.h"
#include "tools/server/auth/claim_values.h"

namespace lepus::server {

namespace {

namespace dom = simdjson::dom;

/// Nothing: it is not there. A number with a fraction counts as its whole part.
std::optional<std::int64_t> time_of(const dom::object& claims, std::string_view name,
                                    std::string& error) {
  std::int64_t whole = 0;
  double number = 0;
  dom::element value;
  if (claims[name].get(value) != simdjson::SUCCESS) return std::nullopt;
  if (value.get(whole) == simdjson::SUCCESS) return whole;
  constexpr double largest = 1e15;
  if (value.get(number) == simdjson::SUCCESS && number > -largest && number < largest)
    return static_cast<std::int64_t>(number);
  error = fmt::format("its claim '{}' is no time", name);
  return std::nullopt;
}

void check_times(const dom::object& claims, std::int64_t now_s, TokenClaims& out) {
  const auto expires = time_of(claims, "exp", out.error);
  if (!out.error.empty()) return;
  if (expires && *expires <= now_s) {
    out.error = fmt::format("Provided JWT token has expired at timestamp {} (validated at {})",
                            *expires, now_s);
    return;
  }
  const auto begins = time_of(claims, "nbf", out.error);
  if (begins && *begins > now_s)
    out.error =
        fmt::format("it is not valid before timestamp {} (validated at {})", *begins, now_s);
  out.expires_at_s = expires.value_or(0);
}

std::string user_of(const ResourceServer& server, const dom::object& claims) {
  std::vector<std::string> names = server.username_claims;
  names.insert(names.end(), {"sub", "client_id"});
  for (const std::string& name : names) {
    std::string_view text;
    if (claims[name].get(text) == simdjson::SUCCESS && !text.empty()) return std::string{text};
  }
  return "unknown";
}

void keep_one_of_each(std::vector<std::string>& texts) {
  std::sort(texts.begin(), texts.end());
  texts.erase(std::unique(texts.begin(), texts.end()), texts.end());
}

/// Of the claim scope, of the operator's claims, of a requesting party token (Keycloak), and of
/// authorization_details; with what aliases among them stand for.
std::vector<std::string> scopes_of(const ResourceServer& server, const dom::object& claims) {
  std::vector<std::string> paths;
  add_words(server.additional_scopes_key, paths);
  paths.insert(paths.end(), {"scope", "authorization.permissions.scopes"});
  std::vector<std::string> all;
  for (const std::string& path : paths)
    for (std::string& one : scopes_at(claims, path, server.id)) all.push_back(std::move(one));
  keep_one_of_each(all);
  const std::size_t named_count = all.size();
  for (std::size_t i = 0; i < named_count; ++i)
    if (const auto alias = server.aliases.find(all[i]); alias != server.aliases.end())
      add_words(alias->second, all);
  dom::array details;
  if (claims["authorization_details"].get(details) == simdjson::SUCCESS)
    for (std::string& one : scopes_of_details(server, details)) all.push_back(std::move(one));
  std::vector<std::string> scopes;
  for (const std::string& one : all)
    if (one.starts_with(server.scope_prefix))
      scopes.push_back(one.substr(server.scope_prefix.size()));
  keep_one_of_each(scopes);
  return scopes;
}

}  // namespace

std::vector<std::string> read_audience(std::string_view payload) {
  dom::parser parser;
  dom::element audience;
  if (parser.parse(simdjson::padded_string{payload})["aud"].get(audience) != simdjson::SUCCESS)
    return {};
  return words_of(audience);
}

TokenClaims read_claims(const ResourceServer& server, std::string_view payload,
                        std::int64_t now_s) {
  TokenClaims out;
  dom::parser parser;
  dom::element root;
  dom::object claims;
  if (parser.parse(simdjson::padded_string{payload}).get(root) != simdjson::SUCCESS ||
      root.get(claims) != simdjson::SUCCESS) {
    out.error = "its payload is not a JSON object";
    return out;
  }
  check_times(claims, now_s, out);
  if (!out.error.empty()) return out;
  out.user = user_of(server, claims);
  out.scopes = scopes_of(server, claims);
  if (out.scopes.size() > core::limits::token_scopes_max)
    out.error = fmt::format("it has more than {} scopes", core::limits::token_scopes_max);
  return out;
}

}  // namespace lepus::server
