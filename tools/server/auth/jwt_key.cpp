// Keys and signatures, by OpenSSL. Which algorithms a key may be used with follows from the key,
// not from the token: a public key is never taken for a secret.
#include <openssl/bio.h>
#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/ecdsa.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/param_build.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>

#include <algorithm>
#include <array>

#include "tools/server/auth/jwt.h"

namespace lepus::server {

namespace {

struct JwtAlgorithm {
  std::string_view name;
  int key_type;
  const char* digest;  ///< Null: the key's own.
  bool is_pss = false;
  std::size_t coordinate_size = 0;  ///< Of ES: half a signature.
};
constexpr std::array jwt_algorithms = {
    JwtAlgorithm{"RS256", EVP_PKEY_RSA, "SHA256"},
    JwtAlgorithm{"RS384", EVP_PKEY_RSA, "SHA384"},
    JwtAlgorithm{"RS512", EVP_PKEY_RSA, "SHA512"},
    JwtAlgorithm{"PS256", EVP_PKEY_RSA, "SHA256", true},
    JwtAlgorithm{"PS384", EVP_PKEY_RSA, "SHA384", true},
    JwtAlgorithm{"PS512", EVP_PKEY_RSA, "SHA512", true},
    JwtAlgorithm{"ES256", EVP_PKEY_EC, "SHA256", false, 32},
    JwtAlgorithm{"ES384", EVP_PKEY_EC, "SHA384", false, 48},
    JwtAlgorithm{"ES512", EVP_PKEY_EC, "SHA512", false, 66},
    JwtAlgorithm{"EdDSA", EVP_PKEY_ED25519, nullptr},
};
constexpr int rsa_bits_min = 2048;

const JwtAlgorithm* find_algorithm(std::string_view name) {
  for (const JwtAlgorithm& one : jwt_algorithms)
    if (one.name == name) return &one;
  return nullptr;
}

template <auto Function>
struct Freer {
  template <class Type>
  void operator()(Type* object) const {
    Function(object);
  }
};
using Bio = std::unique_ptr<BIO, Freer<&BIO_free>>;
using Number = std::unique_ptr<BIGNUM, Freer<&BN_free>>;
using Certificate = std::unique_ptr<X509, Freer<&X509_free>>;
using Context = std::unique_ptr<EVP_PKEY_CTX, Freer<&EVP_PKEY_CTX_free>>;
using DigestContext = std::unique_ptr<EVP_MD_CTX, Freer<&EVP_MD_CTX_free>>;
using Builder = std::unique_ptr<OSSL_PARAM_BLD, Freer<&OSSL_PARAM_BLD_free>>;
using Parameters = std::unique_ptr<OSSL_PARAM, Freer<&OSSL_PARAM_free>>;
using EcdsaSignature = std::unique_ptr<ECDSA_SIG, Freer<&ECDSA_SIG_free>>;

const unsigned char* bytes_of_text(std::string_view text) {
  return reinterpret_cast<const unsigned char*>(text.data());
}
Number number_of(std::string_view text) {
  return Number{BN_bin2bn(bytes_of_text(text), static_cast<int>(text.size()), nullptr)};
}

EVP_PKEY* key_of(const char* type, OSSL_PARAM_BLD* builder) {
  const Parameters parameters{OSSL_PARAM_BLD_to_param(builder)};
  const Context context{EVP_PKEY_CTX_new_from_name(nullptr, type, nullptr)};
  EVP_PKEY* key = nullptr;
  if (!parameters || !context || EVP_PKEY_fromdata_init(context.get()) <= 0 ||
      EVP_PKEY_fromdata(context.get(), &key, EVP_PKEY_PUBLIC_KEY, parameters.get()) <= 0)
    return nullptr;
  return key;
}

bool is_good(EVP_PKEY* key) {
  const Context context{EVP_PKEY_CTX_new(key, nullptr)};
  return context && EVP_PKEY_public_check(context.get()) == 1;
}

/// From r and s side by side to what OpenSSL reads. Empty: it has another size.
std::string der_of(std::string_view signature, std::size_t coordinate_size) {
  if (signature.size() != 2 * coordinate_size) return {};
  const EcdsaSignature pair{ECDSA_SIG_new()};
  Number r = number_of(signature.substr(0, coordinate_size));
  Number s = number_of(signature.substr(coordinate_size));
  if (!pair || !r || !s || ECDSA_SIG_set0(pair.get(), r.get(), s.get()) != 1) return {};
  (void)r.release();
  (void)s.release();
  unsigned char* out = nullptr;
  const int size = i2d_ECDSA_SIG(pair.get(), &out);
  if (size <= 0) return {};
  std::string der{reinterpret_cast<const char*>(out), static_cast<std::size_t>(size)};
  OPENSSL_free(out);
  return der;
}

/// The curve is the algorithm's, no other.
bool fits(EVP_PKEY* key, const JwtAlgorithm& algorithm) {
  const int type = EVP_PKEY_get_base_id(key);
  if (algorithm.key_type == EVP_PKEY_ED25519)
    return type == EVP_PKEY_ED25519 || type == EVP_PKEY_ED448;
  if (type != algorithm.key_type) return false;
  return algorithm.coordinate_size == 0 ||
         (static_cast<std::size_t>(EVP_PKEY_get_bits(key)) + 7) / 8 == algorithm.coordinate_size;
}

}  // namespace

bool is_jwt_algorithm(std::string_view name) { return find_algorithm(name) != nullptr; }

void JwtKey::Free::operator()(evp_pkey_st* key) const { EVP_PKEY_free(key); }
JwtKey::JwtKey(JwtKey&&) noexcept = default;
JwtKey& JwtKey::operator=(JwtKey&&) noexcept = default;
JwtKey::~JwtKey() = default;

std::string JwtKey::read_pem(std::string_view pem) {
  const Bio bio{BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size()))};
  key_.reset(PEM_read_bio_PUBKEY(bio.get(), nullptr, nullptr, nullptr));
  if (!key_) {
    const Bio again{BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size()))};
    const Certificate certificate{PEM_read_bio_X509(again.get(), nullptr, nullptr, nullptr)};
    if (certificate) key_.reset(X509_get_pubkey(certificate.get()));
  }
  ERR_clear_error();
  if (!key_) return "it is neither a public key nor a certificate in PEM";
  const int type = EVP_PKEY_get_base_id(key_.get());
  if (type == EVP_PKEY_RSA && EVP_PKEY_get_bits(key_.get()) < rsa_bits_min)
    return "an RSA key must have 2048 bits or more";
  const bool is_known = std::any_of(jwt_algorithms.begin(), jwt_algorithms.end(),
                                    [&](const JwtAlgorithm& one) { return fits(key_.get(), one); });
  return is_known ? std::string{} : "keys of its kind are not for signatures that are known here";
}

std::string JwtKey::read_rsa(std::string_view modulus, std::string_view exponent) {
  const Number n = number_of(modulus);
  const Number e = number_of(exponent);
  const Builder builder{OSSL_PARAM_BLD_new()};
  key_.reset();
  if (n && e && BN_num_bits(n.get()) >= rsa_bits_min && BN_num_bits(n.get()) <= 16'384 && builder &&
      OSSL_PARAM_BLD_push_BN(builder.get(), OSSL_PKEY_PARAM_RSA_N, n.get()) == 1 &&
      OSSL_PARAM_BLD_push_BN(builder.get(), OSSL_PKEY_PARAM_RSA_E, e.get()) == 1)
    key_.reset(key_of("RSA", builder.get()));
  if (key_ && !is_good(key_.get())) key_.reset();
  ERR_clear_error();
  return key_ ? std::string{} : "it is no RSA key of 2048 bits or more";
}

std::string JwtKey::read_ec(std::string_view curve, std::string_view x, std::string_view y) {
  const std::size_t size = curve == "P-256"   ? 32
                           : curve == "P-384" ? 48
                           : curve == "P-521" ? 66
                                              : 0;
  if (size == 0 || x.size() != size || y.size() != size) return "its curve or point is not known";
  const std::string point = '\x04' + std::string{x} + std::string{y};
  const Builder builder{OSSL_PARAM_BLD_new()};
  key_.reset();
  const std::string name{curve};
  if (builder &&
      OSSL_PARAM_BLD_push_utf8_string(builder.get(), OSSL_PKEY_PARAM_GROUP_NAME, name.c_str(), 0) ==
          1 &&
      OSSL_PARAM_BLD_push_octet_string(builder.get(), OSSL_PKEY_PARAM_PUB_KEY, point.data(),
                                       point.size()) == 1)
    key_.reset(key_of("EC", builder.get()));
  if (key_ && !is_good(key_.get())) key_.reset();
  ERR_clear_error();
  return key_ ? std::string{} : "its point is not on its curve";
}

std::string JwtKey::read_okp(std::string_view curve, std::string_view x) {
  const int type = curve == "Ed25519" ? EVP_PKEY_ED25519 : curve == "Ed448" ? EVP_PKEY_ED448 : 0;
  if (type == 0) return "its curve is not known";
  key_.reset(EVP_PKEY_new_raw_public_key(type, nullptr, bytes_of_text(x), x.size()));
  ERR_clear_error();
  return key_ ? std::string{} : "its point has another size";
}

bool JwtKey::verifies(const Jwt& token) const {
  const JwtAlgorithm* algorithm = find_algorithm(token.algorithm);
  if (algorithm == nullptr || !key_ || !fits(key_.get(), *algorithm)) return false;
  std::string signature = token.signature;
  if (algorithm->coordinate_size > 0) signature = der_of(signature, algorithm->coordinate_size);
  const DigestContext context{EVP_MD_CTX_new()};
  EVP_PKEY_CTX* options = nullptr;  // The context's.
  bool is_right = context && EVP_DigestVerifyInit_ex(context.get(), &options, algorithm->digest,
                                                     nullptr, nullptr, key_.get(), nullptr) == 1;
  if (is_right && algorithm->is_pss)
    is_right = EVP_PKEY_CTX_set_rsa_padding(options, RSA_PKCS1_PSS_PADDING) > 0 &&
               EVP_PKEY_CTX_set_rsa_pss_saltlen(options, RSA_PSS_SALTLEN_DIGEST) > 0;
  is_right =
      is_right && EVP_DigestVerify(context.get(), bytes_of_text(signature), signature.size(),
                                   bytes_of_text(token.signed_text), token.signed_text.size()) == 1;
  ERR_clear_error();
  return is_right;
}

}  // namespace lepus::server
