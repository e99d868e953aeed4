// OpenSSL asks for a key, and gets one.
#include "net/tls/session_tickets.h"

#include <array>
#include <cstring>
#include <utility>

#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/rand.h>

#include "core/base/assert.h"

namespace lepus::net {
namespace {

int tickets_index() {
  static const int index =
      CRYPTO_get_ex_new_index(CRYPTO_EX_INDEX_SSL, 0, nullptr, nullptr, nullptr, nullptr);
  CHECK(index >= 0);
  return index;
}

bool set_mac_key(EVP_MAC_CTX* mac, const TicketKey& key) {
  std::array<std::uint8_t, 32> bytes = key.mac;
  std::array<char, 7> digest{"SHA256"};
  const OSSL_PARAM parameters[] = {
      OSSL_PARAM_construct_octet_string(OSSL_MAC_PARAM_KEY, bytes.data(), bytes.size()),
      OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, digest.data(), 0),
      OSSL_PARAM_construct_end()};
  return EVP_MAC_CTX_set_params(mac, parameters) == 1;
}

/// OpenSSL's contract: negative is an error, 0 no ticket, 1 all is well, 2 give the client a new
/// ticket.
enum : int { ticket_error = -1, ticket_ignored = 0, ticket_good = 1, ticket_old = 2 };

int seal_ticket(TicketSource& source, unsigned char* name, unsigned char* iv,
                std::pair<EVP_CIPHER_CTX*, EVP_MAC_CTX*> to) {
  const TicketKey& key = source.keys.newest(source.loop->now());
  if (RAND_bytes(iv, EVP_CIPHER_get_iv_length(EVP_aes_256_cbc())) != 1) return ticket_error;
  std::memcpy(name, key.name.data(), key.name.size());
  if (EVP_EncryptInit_ex2(to.first, EVP_aes_256_cbc(), key.cipher.data(), iv, nullptr) != 1)
    return ticket_error;
  return set_mac_key(to.second, key) ? ticket_good : ticket_error;
}

int open_ticket(TicketSource& source, const unsigned char* name, const unsigned char* iv,
                std::pair<EVP_CIPHER_CTX*, EVP_MAC_CTX*> to) {
  const auto [key, is_newest] = source.keys.find({name, 16}, source.loop->now());
  if (key == nullptr) return ticket_ignored;
  if (EVP_DecryptInit_ex2(to.first, EVP_aes_256_cbc(), key->cipher.data(), iv, nullptr) != 1)
    return ticket_error;
  if (!set_mac_key(to.second, *key)) return ticket_error;
  return is_newest ? ticket_good : ticket_old;
}

int on_ticket(SSL* ssl, unsigned char* name, unsigned char* iv, EVP_CIPHER_CTX* cipher,
              EVP_MAC_CTX* mac, int is_new) {
  auto* const source = static_cast<TicketSource*>(SSL_get_ex_data(ssl, tickets_index()));
  if (source == nullptr) return ticket_error;
  return is_new == 1 ? seal_ticket(*source, name, iv, {cipher, mac})
                     : open_ticket(*source, name, iv, {cipher, mac});
}

}  // namespace

void set_ticket_callback(SSL_CTX& ctx) { SSL_CTX_set_tlsext_ticket_key_evp_cb(&ctx, on_ticket); }

void set_ticket_source(SSL& ssl, TicketSource& source) {
  SSL_set_ex_data(&ssl, tickets_index(), &source);
}

}  // namespace lepus::net
