// The client's side of TLS for tests, in memory: bytes of the wire in and out by hand.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "net/tls/openssl.h"
#include "net/tls/tls_options.h"

namespace lepus::net::testing_tls {

struct PeerOptions {
  int version_min = TLS1_2_VERSION;
  int version_max = TLS1_3_VERSION;
  std::string ciphers12 = {};
  std::string server_name = {};
  std::optional<TlsKeyFiles> own = std::nullopt;
  std::string cacertfile = {};     ///< "" = any certificate will do.
  SSL_SESSION* resumes = nullptr;  ///< Not owned.
};

class TlsPeer {
 public:
  explicit TlsPeer(const PeerOptions& options = {});

  /// What came from the server.
  void feed(std::string_view bytes);
  /// What goes to it.
  std::string take();
  /// As far as it goes with what was fed. Returns true once the handshake is done.
  bool shake_hands();
  /// Before the handshake is done nothing is taken.
  bool write(std::string_view plain);
  std::string read();
  void end_writing() { SSL_shutdown(ssl_.get()); }

  bool is_shaken() const { return SSL_is_init_finished(ssl_.get()) == 1; }
  bool has_ended() const { return has_ended_; }
  bool has_failed() const { return !failure_.empty(); }
  const std::string& failure() const { return failure_; }
  bool was_resumed() const { return SSL_session_reused(ssl_.get()) == 1; }
  using SessionPtr = std::unique_ptr<SSL_SESSION, OpensslFree<SSL_SESSION_free>>;
  SessionPtr session() const { return SessionPtr(SSL_get1_session(ssl_.get())); }
  std::string server_subject() const;
  SSL* ssl() { return ssl_.get(); }

 private:
  void note(int result);

  SslCtxPtr ctx_;
  SslPtr ssl_;
  BIO* input_;
  BIO* output_;
  bool has_ended_ = false;
  std::string failure_;
};

}  // namespace lepus::net::testing_tls
