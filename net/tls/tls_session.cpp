// Calls of OpenSSL and what their results mean.
#include "net/tls/tls_session.h"

#include <openssl/err.h>

#include "core/base/assert.h"
#include "net/tls/tls_failure.h"

namespace lepus::net {
TlsSession::TlsSession(const TlsContext& context, SendChain& output, TicketSource& tickets)
    : wire_{{}, &output}, ssl_(SSL_new(context.get())) {
  if (ssl_ == nullptr) return;
  if (const TlsClientOptions* client = context.client()) {
    prepare_client(*client);
  } else {
    set_ticket_source(*ssl_, tickets);
    SSL_set_accept_state(ssl_.get());
  }
  BIO* const bio = make_wire_bio(wire_).release();
  SSL_set_bio(ssl_.get(), bio, bio);
}

void TlsSession::prepare_client(const TlsClientOptions& options) {
  SSL_set_connect_state(ssl_.get());
  is_client_ = true;
  if (!options.server_name.empty())
    (void)SSL_set_tlsext_host_name(ssl_.get(), options.server_name.c_str());
  if (!options.verify_peer || options.verified_host.empty()) return;
  X509_VERIFY_PARAM* const rules = SSL_get0_param(ssl_.get());
  // An address is looked for among the addresses of the certificate, a name among its names.
  if (X509_VERIFY_PARAM_set1_ip_asc(rules, options.verified_host.c_str()) != 1)
    (void)X509_VERIFY_PARAM_set1_host(rules, options.verified_host.c_str(), 0);
  ERR_clear_error();
}

TlsSession::Result TlsSession::shake_hands() {
  if (ssl_ == nullptr) return fail();
  ERR_clear_error();
  const int result = SSL_do_handshake(ssl_.get());
  if (result == 1) return Result::done;
  const int error = SSL_get_error(ssl_.get(), result);
  return error == SSL_ERROR_WANT_READ ? Result::wants_input : fail();
}

TlsSession::Result TlsSession::decrypt(std::span<std::uint8_t> room, std::size_t& size) {
  size = 0;
  ERR_clear_error();
  while (size < room.size()) {
    std::size_t part = 0;
    const int result = SSL_read_ex(ssl_.get(), room.data() + size, room.size() - size, &part);
    size += part;
    if (result == 1) continue;
    switch (SSL_get_error(ssl_.get(), result)) {
      case SSL_ERROR_WANT_READ:
        return Result::wants_input;
      case SSL_ERROR_ZERO_RETURN:
        return Result::ended;
      default:
        return fail();
    }
  }
  return Result::done;
}

bool TlsSession::encrypt(core::Bytes plain) {
  ERR_clear_error();
  std::size_t size = 0;
  if (SSL_write_ex(ssl_.get(), plain.data(), plain.size(), &size) == 1) {
    CHECK(size == plain.size());
    return true;
  }
  (void)fail();
  return false;
}

void TlsSession::end_writing() {
  ERR_clear_error();
  (void)SSL_shutdown(ssl_.get());
  ERR_clear_error();
}

TlsSession::Result TlsSession::fail() {
  if (ssl_ == nullptr) {
    failure_ = "no memory for TLS";
  } else {
    failure_ = describe_failure(*ssl_);
  }
  return Result::failed;
}

}  // namespace lepus::net
