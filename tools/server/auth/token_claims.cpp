// See token_claims.h.
#include "tools/server/auth/token_claims.h"

#include <fmt/format.h>
#include <simdjson.h>

#include <algorithm>
#include <optional>

namespace lepus::server {

namespace {

namespace dom = simdjson::dom;

void add_words(std::string_view text, std::vector<std::string>& out) {
  while (!text.empty()) {
    const std::size_t end = std::min(text.find(' '), text.size());
    if (end > 0) out.emplace_back(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
}

/// A text of words, or a list of them.
std::vector<std::string> words_of_claim(const dom::object& claims, std::string_view name) {
  std::vector<std::string> words;
  std::string_view text;
  dom::array list;
  if (claims[name].get(text) == simdjson::SUCCESS) {
    add_words(text, words);
  } else if (claims[name].get(list) == simdjson::SUCCESS) {
    for (const dom::element one : list)
      if (one.get(text) == simdjson::SUCCESS) add_words(text, words);
  }
  return words;
}

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

void check_audience(const OAuth2Config& config, const dom::object& claims, TokenClaims& out) {
  if (!config.verifies_audience) return;
  const std::vector<std::string> audience = words_of_claim(claims, "aud");
  const bool is_meant =
      std::find(audience.begin(), audience.end(), config.resource_server_id) != audience.end();
  if (!is_meant)
    out.error = fmt::format("it is not meant for '{}': its claim 'aud' does not have that",
                            config.resource_server_id);
}

std::string user_of(const OAuth2Config& config, const dom::object& claims) {
  std::vector<std::string> names = config.username_claims;
  names.insert(names.end(), {"sub", "client_id"});
  for (const std::string& name : names) {
    std::string_view text;
    if (claims[name].get(text) == simdjson::SUCCESS && !text.empty()) return std::string{text};
  }
  return "unknown";
}

std::vector<std::string> scopes_of(const OAuth2Config& config, const dom::object& claims) {
  std::vector<std::string> raw = words_of_claim(claims, "scope");
  std::vector<std::string> more_names;
  add_words(config.additional_scopes_key, more_names);
  for (const std::string& name : more_names)
    for (std::string& one : words_of_claim(claims, name)) raw.push_back(std::move(one));
  std::vector<std::string> named;
  for (std::string& one : raw) {
    const auto alias = config.scope_aliases.find(one);
    if (alias == config.scope_aliases.end()) {
      named.push_back(std::move(one));
    } else {
      add_words(alias->second, named);
    }
  }
  const std::string prefix = config.scope_prefix.value_or(config.resource_server_id + ".");
  std::vector<std::string> scopes;
  for (const std::string& one : named)
    if (one.starts_with(prefix)) scopes.push_back(one.substr(prefix.size()));
  return scopes;
}

}  // namespace

TokenClaims read_claims(const OAuth2Config& config, std::string_view payload, std::int64_t now_s) {
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
  if (out.error.empty()) check_audience(config, claims, out);
  if (!out.error.empty()) return out;
  out.user = user_of(config, claims);
  out.scopes = scopes_of(config, claims);
  return out;
}

}  // namespace lepus::server
