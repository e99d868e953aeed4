// Tables of names, and questions to OpenSSL.
#include "net/tls/tls_ciphers.h"

#include <algorithm>
#include <span>

#include <openssl/objects.h>

namespace lepus::net {
namespace {

struct NidName {
  int nid;
  std::string_view name;
};

constexpr NidName cipher_names[] = {
    {NID_aes_128_gcm, "aes_128_gcm"},
    {NID_aes_256_gcm, "aes_256_gcm"},
    {NID_chacha20_poly1305, "chacha20_poly1305"},
    {NID_aes_128_ccm, "aes_128_ccm"},
    {NID_aes_256_ccm, "aes_256_ccm"},
    {NID_aes_128_cbc, "aes_128_cbc"},
    {NID_aes_256_cbc, "aes_256_cbc"},
    {NID_camellia_128_cbc, "camellia_128_cbc"},
    {NID_camellia_256_cbc, "camellia_256_cbc"},
    {NID_aria_128_gcm, "aria_128_gcm"},
    {NID_aria_256_gcm, "aria_256_gcm"},
    {NID_des_ede3_cbc, "3des_ede_cbc"},
};

constexpr NidName hash_names[] = {
    {NID_sha1, "sha"},
    {NID_sha256, "sha256"},
    {NID_sha384, "sha384"},
};

std::string_view name_of(int nid, std::span<const NidName> names) {
  const auto found = std::ranges::find(names, nid, &NidName::nid);
  if (found != names.end()) return found->name;
  const char* const name = OBJ_nid2sn(nid);
  return name == nullptr ? "unknown" : name;
}

std::string_view key_exchange_name(const SSL_CIPHER& cipher) {
  const bool is_ecdsa = SSL_CIPHER_get_auth_nid(&cipher) == NID_auth_ecdsa;
  switch (SSL_CIPHER_get_kx_nid(&cipher)) {
    case NID_kx_any:
      return "any";
    case NID_kx_rsa:
      return "rsa";
    case NID_kx_ecdhe:
      return is_ecdsa ? "ecdhe_ecdsa" : "ecdhe_rsa";
    case NID_kx_dhe:
      return "dhe_rsa";
    default:
      return name_of(SSL_CIPHER_get_kx_nid(&cipher), {});
  }
}

bool is_tls13(const SSL_CIPHER& cipher) { return SSL_CIPHER_get_kx_nid(&cipher) == NID_kx_any; }

/// nullptr = neither OpenSSL nor an RFC calls one so, or this build has none of it.
const SSL_CIPHER* find_cipher(SSL& ssl, std::string_view name) {
  const STACK_OF(SSL_CIPHER)* const all = SSL_get_ciphers(&ssl);
  for (int i = 0; i < sk_SSL_CIPHER_num(all); ++i) {
    const SSL_CIPHER* const cipher = sk_SSL_CIPHER_value(all, i);
    const char* const standard = SSL_CIPHER_standard_name(cipher);
    if (SSL_CIPHER_get_name(cipher) == name || (standard != nullptr && standard == name))
      return cipher;
  }
  return nullptr;
}

void add(std::string& list, std::string_view name) {
  if (!list.empty()) list += ':';
  list += name;
}

}  // namespace

CipherLists sort_ciphers(const std::vector<std::string>& names) {
  CipherLists lists;
  if (names.empty()) return lists;
  const SslCtxPtr ctx(SSL_CTX_new(TLS_server_method()));
  if (ctx == nullptr) return lists;
  SSL_CTX_set_cipher_list(ctx.get(), "ALL:COMPLEMENTOFALL");
  SSL_CTX_set_ciphersuites(ctx.get(),
                           "TLS_AES_256_GCM_SHA384:TLS_AES_128_GCM_SHA256:"
                           "TLS_CHACHA20_POLY1305_SHA256:TLS_AES_128_CCM_SHA256:"
                           "TLS_AES_128_CCM_8_SHA256");
  const SslPtr ssl(SSL_new(ctx.get()));
  if (ssl == nullptr) return lists;
  for (const std::string& name : names) {
    const SSL_CIPHER* const cipher = find_cipher(*ssl, name);
    if (cipher == nullptr) {
      if (lists.unknown.empty()) lists.unknown = name;
    } else {
      add(is_tls13(*cipher) ? lists.tls13 : lists.tls12, SSL_CIPHER_get_name(cipher));
    }
  }
  return lists;
}

CipherParts describe_cipher(const SSL_CIPHER& cipher) {
  const std::string_view hash = SSL_CIPHER_is_aead(&cipher) == 1
                                    ? "aead"
                                    : name_of(SSL_CIPHER_get_digest_nid(&cipher), hash_names);
  return {key_exchange_name(cipher), name_of(SSL_CIPHER_get_cipher_nid(&cipher), cipher_names),
          hash};
}

}  // namespace lepus::net
