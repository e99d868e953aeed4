// JSON Web Tokens (RFC 7519) signed as RFC 7515 and 7518 say, with a public key: what is in them,
// and whether the signature is right. No MACs and no unsigned ones. Pure.
//
//   base64url(header) . base64url(payload) . base64url(signature)
//   \------- what is signed -------/
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

struct evp_pkey_st;

namespace lepus::server {

/// Nothing: it is not base64url without padding.
std::optional<std::string> decode_base64url(std::string_view text);

/// The pieces of a token; views into its text where they can be.
struct Jwt {
  std::string algorithm;  ///< "RS256"
  std::string key_id;     ///< "" when it names none.
  std::string payload;    ///< JSON, not looked at.
  std::string signature;
  std::string_view signed_text;
};

struct JwtParsed {
  Jwt token;
  std::string error;  ///< Empty: it is good.
};
/// `text` outlives the result.
JwtParsed parse_jwt(std::string_view text);

/// A public key that tokens are verified with.
class JwtKey {
 public:
  JwtKey() = default;
  JwtKey(JwtKey&&) noexcept;
  JwtKey& operator=(JwtKey&&) noexcept;
  ~JwtKey();

  /// A PEM file's text: a public key, or a certificate with one. Empty, or what is wrong.
  [[nodiscard]] std::string read_pem(std::string_view pem);
  /// RSA; `modulus` and `exponent` are big-endian numbers.
  [[nodiscard]] std::string read_rsa(std::string_view modulus, std::string_view exponent);
  /// `curve` is P-256, P-384 or P-521.
  [[nodiscard]] std::string read_ec(std::string_view curve, std::string_view x, std::string_view y);
  /// `curve` is Ed25519 or Ed448.
  [[nodiscard]] std::string read_okp(std::string_view curve, std::string_view x);

  /// False also when the algorithm is not one of this key's kind.
  bool verifies(const Jwt& token) const;

 private:
  struct Free {
    void operator()(evp_pkey_st* key) const;
  };
  std::unique_ptr<evp_pkey_st, Free> key_;
};

struct JwkSetKey {
  std::string id;
  JwtKey key;
};
/// The keys of a JWK set (RFC 7517) that can be used here; others are left out. `error` is not
/// empty when it is no such set.
std::vector<JwkSetKey> read_jwk_set(std::string_view json, std::string& error);

/// Whether a name is one that JwtKey knows: RS, PS and ES with 256, 384 and 512, and EdDSA.
bool is_jwt_algorithm(std::string_view name);

}  // namespace lepus::server
