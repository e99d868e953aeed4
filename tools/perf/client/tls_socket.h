// The client's side of TLS over a socket that does not block. Certificates are not looked at: who
// measures knows the broker.
#pragma once

#include <sys/types.h>

#include <cstddef>
#include <memory>

#include <openssl/ssl.h>

namespace lepus::perf {

class TlsSocket {
 public:
  // `fd` is connected and stays the caller's.
  explicit TlsSocket(int fd);

  // True once it is done; false: call again when the socket is readable. PerfError when it fails.
  bool shake_hands();
  // As recv() and send(), with errno; all that is there, and as much as goes.
  ssize_t receive(void* target, size_t room);
  ssize_t send(const void* data, size_t size);

 private:
  struct Free {
    void operator()(SSL* ssl) const { SSL_free(ssl); }
  };
  std::unique_ptr<SSL, Free> ssl_;
};

}  // namespace lepus::perf
