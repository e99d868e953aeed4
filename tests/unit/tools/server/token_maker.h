// Makes keys and signs tokens with them, for tests.
#pragma once

#include <openssl/bio.h>
#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/ecdsa.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>

#include <memory>
#include <string>
#include <string_view>

#include "core/base/assert.h"

namespace lepus::server::test {

inline std::string base64url(std::string_view text) {
  constexpr std::string_view letters =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
  std::string out;
  std::uint32_t bits = 0;
  int count = 0;
  for (const char letter : text) {
    bits = bits << 8 | static_cast<unsigned char>(letter);
    for (count += 8; count >= 6;) {
      count -= 6;
      out += letters[bits >> count & 63];
    }
  }
  if (count > 0) out += letters[bits << (6 - count) & 63];
  return out;
}

class TokenMaker {
 public:
  /// "RS256" ...; ES512 takes the curve P-521.
  explicit TokenMaker(std::string_view algorithm) : algorithm_(algorithm) {
    EVP_PKEY* key = nullptr;
    if (algorithm_ == "EdDSA") {
      key = EVP_PKEY_Q_keygen(nullptr, nullptr, "ED25519");
    } else if (algorithm_[0] == 'E') {
      const char* curve = size() == 256 ? "P-256" : size() == 384 ? "P-384" : "P-521";
      key = EVP_PKEY_Q_keygen(nullptr, nullptr, "EC", curve);
    } else {
      key = EVP_PKEY_Q_keygen(nullptr, nullptr, "RSA", std::size_t{2048});
    }
    CHECK(key != nullptr);
    key_.reset(key, EVP_PKEY_free);
  }

  std::string make(std::string_view payload, std::string_view kid = "k") const {
    std::string header = R"({"alg":")" + algorithm_ + R"(","typ":"JWT")";
    if (!kid.empty()) header += R"(,"kid":")" + std::string{kid} + '"';
    return sign(header + "}", payload);
  }
  std::string sign(std::string_view header, std::string_view payload) const {
    const std::string text = base64url(header) + '.' + base64url(payload);
    return text + '.' + base64url(signature(text));
  }
  std::string pem() const {
    const std::unique_ptr<BIO, int (*)(BIO*)> bio{BIO_new(BIO_s_mem()), BIO_free};
    CHECK(PEM_write_bio_PUBKEY(bio.get(), key_.get()) == 1);
    char* data = nullptr;
    const long count = BIO_get_mem_data(bio.get(), &data);
    return {data, static_cast<std::size_t>(count)};
  }
  std::string jwk(std::string_view kid = "k") const {
    std::string out = R"({"kid":")" + std::string{kid} + R"(","use":"sig",)";
    if (algorithm_ == "EdDSA") {
      std::string point(32, '\0');
      std::size_t count = point.size();
      CHECK(EVP_PKEY_get_raw_public_key(key_.get(), reinterpret_cast<unsigned char*>(point.data()),
                                        &count) == 1);
      return out + R"("kty":"OKP","crv":"Ed25519","x":")" + base64url(point) + "\"}";
    }
    if (algorithm_[0] == 'E') {
      const std::string curve = size() == 256 ? "P-256" : size() == 384 ? "P-384" : "P-521";
      return out + R"("kty":"EC","crv":")" + curve + R"(","x":")" +
             base64url(number(OSSL_PKEY_PARAM_EC_PUB_X, coordinate())) + R"(","y":")" +
             base64url(number(OSSL_PKEY_PARAM_EC_PUB_Y, coordinate())) + "\"}";
    }
    return out + R"("kty":"RSA","n":")" + base64url(number(OSSL_PKEY_PARAM_RSA_N, 256)) +
           R"(","e":")" + base64url(std::string_view{"\x01\x00\x01", 3}) + "\"}";
  }
  const std::string& algorithm() const { return algorithm_; }

 private:
  int size() const { return std::stoi(algorithm_.substr(2)); }
  std::size_t coordinate() const { return size() == 256 ? 32 : size() == 384 ? 48 : 66; }
  std::string number(const char* name, std::size_t count) const {
    BIGNUM* value = nullptr;
    CHECK(EVP_PKEY_get_bn_param(key_.get(), name, &value) == 1);
    std::string out(count, '\0');
    CHECK(BN_bn2binpad(value, reinterpret_cast<unsigned char*>(out.data()),
                       static_cast<int>(count)) == static_cast<int>(count));
    BN_free(value);
    return out;
  }
  std::string signature(std::string_view text) const {
    const std::unique_ptr<EVP_MD_CTX, void (*)(EVP_MD_CTX*)> context{EVP_MD_CTX_new(),
                                                                     EVP_MD_CTX_free};
    EVP_PKEY_CTX* options = nullptr;
    const std::string digest = algorithm_ == "EdDSA" ? "" : "SHA" + algorithm_.substr(2);
    CHECK(EVP_DigestSignInit_ex(context.get(), &options, digest.empty() ? nullptr : digest.c_str(),
                                nullptr, nullptr, key_.get(), nullptr) == 1);
    if (algorithm_[0] == 'P') {
      CHECK(EVP_PKEY_CTX_set_rsa_padding(options, RSA_PKCS1_PSS_PADDING) > 0);
      CHECK(EVP_PKEY_CTX_set_rsa_pss_saltlen(options, RSA_PSS_SALTLEN_DIGEST) > 0);
    }
    std::size_t count = 0;
    const auto* bytes = reinterpret_cast<const unsigned char*>(text.data());
    CHECK(EVP_DigestSign(context.get(), nullptr, &count, bytes, text.size()) == 1);
    std::string out(count, '\0');
    CHECK(EVP_DigestSign(context.get(), reinterpret_cast<unsigned char*>(out.data()), &count, bytes,
                         text.size()) == 1);
    out.resize(count);
    return algorithm_.starts_with("ES") ? raw(out) : out;
  }
  /// r and s side by side.
  std::string raw(const std::string& der) const {
    const auto* at = reinterpret_cast<const unsigned char*>(der.data());
    const std::unique_ptr<ECDSA_SIG, void (*)(ECDSA_SIG*)> pair{
        d2i_ECDSA_SIG(nullptr, &at, static_cast<long>(der.size())), ECDSA_SIG_free};
    CHECK(pair != nullptr);
    std::string out(2 * coordinate(), '\0');
    auto* to = reinterpret_cast<unsigned char*>(out.data());
    const int count = static_cast<int>(coordinate());
    CHECK(BN_bn2binpad(ECDSA_SIG_get0_r(pair.get()), to, count) == count);
    CHECK(BN_bn2binpad(ECDSA_SIG_get0_s(pair.get()), to + count, count) == count);
    return out;
  }

  std::string algorithm_;
  std::shared_ptr<EVP_PKEY> key_;
};

}  // namespace lepus::server::test
