// See discovery.h.
#include "tools/server/auth/discovery.h"

#include <fmt/format.h>
#include <simdjson.h>

#include "tools/server/auth/http_question.h"

namespace lepus::server {

std::string discovery_url(const OAuth2Provider& provider) {
  constexpr std::string_view default_path = ".well-known/openid-configuration";
  std::string_view path = provider.discovery_path.empty() ? default_path : provider.discovery_path;
  if (path.starts_with('/')) path.remove_prefix(1);
  std::string url = provider.issuer;
  if (!url.ends_with('/')) url += '/';
  url += path;
  char separator = path.find('?') == std::string_view::npos ? '?' : '&';
  for (const auto& [name, value] : provider.discovery_parameters) {
    url += separator;
    append_url_encoded(url, name);
    url += '=';
    append_url_encoded(url, value);
    separator = '&';
  }
  return url;
}

Discovered read_discovery(std::string_view json, const OAuth2Provider& provider) {
  namespace dom = simdjson::dom;
  dom::parser parser;
  dom::object root;
  std::string_view issuer;
  std::string_view jwks;
  if (parser.parse(simdjson::padded_string{json}).get(root) != simdjson::SUCCESS)
    return {{}, "it is not a JSON object"};
  if (root["issuer"].get(issuer) != simdjson::SUCCESS) return {{}, "it names no 'issuer'"};
  if (root["jwks_uri"].get(jwks) != simdjson::SUCCESS) return {{}, "it names no 'jwks_uri'"};
  if (jwks.starts_with("https://")) return {std::string{jwks}, {}};
  if (!jwks.starts_with("http://"))
    return {{}, fmt::format("its 'jwks_uri' is '{}', which is no URL of http or https", jwks)};
  if (provider.issuer.starts_with("https://"))
    return {{}, fmt::format("its 'jwks_uri' is '{}', though the issuer has https", jwks)};
  return {std::string{jwks}, {}};
}

}  // namespace lepus::server
