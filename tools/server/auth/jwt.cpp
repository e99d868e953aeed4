// What a token says. See jwt.h.
#include "tools/server/auth/jwt.h"

#include <simdjson.h>

#include <array>

namespace lepus::server {

namespace {

namespace dom = simdjson::dom;

int base64url_value(char letter) {
  if (letter >= 'A' && letter <= 'Z') return letter - 'A';
  if (letter >= 'a' && letter <= 'z') return letter - 'a' + 26;
  if (letter >= '0' && letter <= '9') return letter - '0' + 52;
  if (letter == '-') return 62;
  if (letter == '_') return 63;
  return -1;
}

std::string jwk_text(const dom::element& object, const char* name) {
  std::string_view text;
  if (object[name].get(text) != simdjson::SUCCESS) return {};
  return std::string{text};
}

std::string jwk_bytes(const dom::element& object, const char* name) {
  return decode_base64url(jwk_text(object, name)).value_or("");
}

/// Empty: done; else what is wrong with it.
std::string read_jwk(const dom::element& object, JwtKey& key) {
  const std::string type = jwk_text(object, "kty");
  const std::string use = jwk_text(object, "use");
  if (!use.empty() && use != "sig") return "it is not for signatures";
  if (type == "RSA") return key.read_rsa(jwk_bytes(object, "n"), jwk_bytes(object, "e"));
  if (type == "EC")
    return key.read_ec(jwk_text(object, "crv"), jwk_bytes(object, "x"), jwk_bytes(object, "y"));
  if (type == "OKP") return key.read_okp(jwk_text(object, "crv"), jwk_bytes(object, "x"));
  return "its type is not known";
}

}  // namespace

std::optional<std::string> decode_base64url(std::string_view text) {
  if (text.size() % 4 == 1) return std::nullopt;
  std::string out;
  out.reserve(text.size() * 3 / 4);
  std::uint32_t bits = 0;
  int count = 0;
  for (const char letter : text) {
    const int value = base64url_value(letter);
    if (value < 0) return std::nullopt;
    bits = bits << 6 | static_cast<std::uint32_t>(value);
    count += 6;
    if (count < 8) continue;
    count -= 8;
    out += static_cast<char>(bits >> count & 0xff);
  }
  // Bits that belong to no byte must be none.
  if ((bits & ((1U << count) - 1)) != 0) return std::nullopt;
  return out;
}

JwtParsed parse_jwt(std::string_view text) {
  JwtParsed parsed;
  const std::size_t first = text.find('.');
  const std::size_t second = first == std::string_view::npos ? first : text.find('.', first + 1);
  if (second == std::string_view::npos || text.find('.', second + 1) != std::string_view::npos) {
    parsed.error = "it does not have three parts";
    return parsed;
  }
  const auto header = decode_base64url(text.substr(0, first));
  const auto payload = decode_base64url(text.substr(first + 1, second - first - 1));
  const auto signature = decode_base64url(text.substr(second + 1));
  if (!header || !payload || !signature) {
    parsed.error = "a part of it is not base64url";
    return parsed;
  }
  dom::parser parser;
  dom::element root;
  dom::object object;
  if (parser.parse(*header).get(root) != simdjson::SUCCESS ||
      root.get(object) != simdjson::SUCCESS) {
    parsed.error = "its header is not a JSON object";
    return parsed;
  }
  dom::element critical;
  if (root["crit"].get(critical) == simdjson::SUCCESS) {
    parsed.error = "its header has extensions that must be understood (crit)";
    return parsed;
  }
  parsed.token.algorithm = jwk_text(root, "alg");
  parsed.token.key_id = jwk_text(root, "kid");
  parsed.token.payload = *payload;
  parsed.token.signature = *signature;
  parsed.token.signed_text = text.substr(0, second);
  if (!is_jwt_algorithm(parsed.token.algorithm))
    parsed.error = "its algorithm '" + parsed.token.algorithm + "' is not accepted";
  return parsed;
}

std::vector<JwkSetKey> read_jwk_set(std::string_view json, std::string& error) {
  std::vector<JwkSetKey> keys;
  dom::parser parser;
  dom::element root;
  dom::array array;
  if (parser.parse(simdjson::padded_string{json}).get(root) != simdjson::SUCCESS ||
      root["keys"].get(array) != simdjson::SUCCESS) {
    error = "it is not a JSON object with the list 'keys'";
    return keys;
  }
  for (const dom::element object : array) {
    JwkSetKey one;
    one.id = jwk_text(object, "kid");
    if (read_jwk(object, one.key).empty()) keys.push_back(std::move(one));
  }
  return keys;
}

}  // namespace lepus::server
