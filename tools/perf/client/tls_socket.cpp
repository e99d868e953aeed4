// OpenSSL's results as errno.
#include "tools/perf/client/tls_socket.h"

#include <cerrno>
#include <csignal>

#include <openssl/err.h>

#include "tools/perf/client/error.h"

namespace lepus::perf {

namespace {

struct FreeCtx {
  void operator()(SSL_CTX* ctx) const { SSL_CTX_free(ctx); }
};
using CtxPtr = std::unique_ptr<SSL_CTX, FreeCtx>;

CtxPtr make_ctx() {
  std::signal(SIGPIPE, SIG_IGN);  // OpenSSL writes as to a file.
  CtxPtr ctx(SSL_CTX_new(TLS_client_method()));
  if (ctx == nullptr) throw PerfError("OpenSSL gives no context", "");
  SSL_CTX_set_mode(ctx.get(), SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER |
                                  SSL_MODE_RELEASE_BUFFERS);
  return ctx;
}

}  // namespace

TlsSocket::TlsSocket(int fd) {
  static const CtxPtr ctx = make_ctx();
  ssl_.reset(SSL_new(ctx.get()));
  if (ssl_ == nullptr || SSL_set_fd(ssl_.get(), fd) != 1) throw PerfError("no memory for TLS", "");
}

bool TlsSocket::shake_hands() {
  ERR_clear_error();
  const int result = SSL_connect(ssl_.get());
  if (result == 1) return true;
  const int error = SSL_get_error(ssl_.get(), result);
  if (error == SSL_ERROR_WANT_READ || error == SSL_ERROR_WANT_WRITE) return false;
  const char* const reason = ERR_reason_error_string(ERR_peek_error());
  throw PerfError("TLS handshake: ", reason == nullptr ? "the broker ended it" : reason);
}

ssize_t TlsSocket::receive(void* target, size_t room) {
  size_t size = 0;
  while (size < room) {
    ERR_clear_error();
    size_t part = 0;
    const int result =
        SSL_read_ex(ssl_.get(), static_cast<char*>(target) + size, room - size, &part);
    size += part;
    if (result == 1) continue;
    if (size > 0) break;
    const int error = SSL_get_error(ssl_.get(), result);
    if (error == SSL_ERROR_ZERO_RETURN) return 0;
    if (error != SSL_ERROR_SYSCALL)
      errno = error == SSL_ERROR_WANT_READ || error == SSL_ERROR_WANT_WRITE ? EAGAIN : ECONNRESET;
    return -1;
  }
  return static_cast<ssize_t>(size);
}

ssize_t TlsSocket::send(const void* data, size_t size) {
  size_t sent = 0;
  while (sent < size) {
    ERR_clear_error();
    size_t part = 0;
    const int result =
        SSL_write_ex(ssl_.get(), static_cast<const char*>(data) + sent, size - sent, &part);
    sent += part;
    if (result == 1) continue;
    if (sent > 0) break;
    const int error = SSL_get_error(ssl_.get(), result);
    if (error != SSL_ERROR_SYSCALL)
      errno = error == SSL_ERROR_WANT_READ || error == SSL_ERROR_WANT_WRITE ? EAGAIN : ECONNRESET;
    return -1;
  }
  return static_cast<ssize_t>(sent);
}

}  // namespace lepus::perf
