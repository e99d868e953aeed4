// OpenSSL with two memory BIOs.
#include "tests/unit/net/tls/tls_peer.h"

#include <array>

#include <openssl/err.h>

#include "core/base/assert.h"
#include "net/tls/certificate.h"

namespace lepus::net::testing_tls {

TlsPeer::TlsPeer(const PeerOptions& options) : ctx_(SSL_CTX_new(TLS_client_method())) {
  SSL_CTX_set_min_proto_version(ctx_.get(), options.version_min);
  SSL_CTX_set_max_proto_version(ctx_.get(), options.version_max);
  if (!options.ciphers12.empty())
    CHECK(SSL_CTX_set_cipher_list(ctx_.get(), options.ciphers12.c_str()) == 1);
  if (options.own) {
    CHECK(SSL_CTX_use_certificate_chain_file(ctx_.get(), options.own->certfile.c_str()) == 1);
    CHECK(SSL_CTX_use_PrivateKey_file(ctx_.get(), options.own->keyfile.c_str(), SSL_FILETYPE_PEM) ==
          1);
  }
  if (!options.cacertfile.empty()) {
    CHECK(SSL_CTX_load_verify_file(ctx_.get(), options.cacertfile.c_str()) == 1);
    SSL_CTX_set_verify(ctx_.get(), SSL_VERIFY_PEER, nullptr);
  }
  ssl_.reset(SSL_new(ctx_.get()));
  SSL_set_connect_state(ssl_.get());
  if (!options.server_name.empty())
    SSL_set_tlsext_host_name(ssl_.get(), options.server_name.c_str());
  if (options.resumes != nullptr) SSL_set_session(ssl_.get(), options.resumes);
  input_ = BIO_new(BIO_s_mem());
  output_ = BIO_new(BIO_s_mem());
  BIO_set_mem_eof_return(input_, -1);
  SSL_set_bio(ssl_.get(), input_, output_);
}

void TlsPeer::feed(std::string_view bytes) {
  if (!bytes.empty()) BIO_write(input_, bytes.data(), static_cast<int>(bytes.size()));
}

std::string TlsPeer::take() {
  std::string bytes(BIO_ctrl_pending(output_), '\0');
  if (!bytes.empty()) BIO_read(output_, bytes.data(), static_cast<int>(bytes.size()));
  return bytes;
}

bool TlsPeer::shake_hands() {
  if (!has_failed() && !is_shaken()) note(SSL_do_handshake(ssl_.get()));
  return is_shaken();
}

bool TlsPeer::write(std::string_view plain) {
  if (!shake_hands()) return false;
  const int result = SSL_write(ssl_.get(), plain.data(), static_cast<int>(plain.size()));
  note(result);
  return result == static_cast<int>(plain.size());
}

std::string TlsPeer::read() {
  std::string plain;
  if (!shake_hands()) return plain;
  std::array<char, 16384> room{};
  int size = 0;
  while ((size = SSL_read(ssl_.get(), room.data(), static_cast<int>(room.size()))) > 0)
    plain.append(room.data(), static_cast<std::size_t>(size));
  note(size);
  return plain;
}

std::string TlsPeer::server_subject() const {
  const X509* const certificate = SSL_get0_peer_certificate(ssl_.get());
  return certificate == nullptr ? "" : describe_certificate(*certificate).subject;
}

void TlsPeer::note(int result) {
  if (result > 0) return;
  const int error = SSL_get_error(ssl_.get(), result);
  if (error == SSL_ERROR_ZERO_RETURN) has_ended_ = true;
  if (error == SSL_ERROR_SSL || error == SSL_ERROR_SYSCALL) {
    const char* const reason = ERR_reason_error_string(ERR_peek_error());
    failure_ = reason == nullptr ? "?" : reason;
  }
  ERR_clear_error();
}

}  // namespace lepus::net::testing_tls
