// What the TLS connections of one listener, or to one server, are made from: certificates, key,
// rules. Made once from options, and never changed: a reload makes another. A copy is another owner
// of the same OpenSSL object, which counts its owners itself; any thread may copy and use it.
//
// Sessions are resumed by tickets alone (ticket_keys.h), there is no cache of them. A ticket counts
// only where the same rules about clients' certificates hold. Renegotiation is off, protocols above
// TLS (ALPN) are not looked at.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "net/tls/openssl.h"
#include "net/tls/tls_options.h"

namespace lepus::net {

class TlsContext {
 public:
  /// Nothing: `problem` says why not.
  static std::optional<TlsContext> make(const TlsOptions& options, TlsProblem& problem);

  /// For connections that this side makes.
  static std::optional<TlsContext> make_client(const TlsClientOptions& options,
                                               TlsProblem& problem);

  TlsContext(const TlsContext& other);
  TlsContext& operator=(const TlsContext& other);
  TlsContext(TlsContext&&) = default;
  TlsContext& operator=(TlsContext&&) = default;
  ~TlsContext() = default;

  SSL_CTX* get() const { return ctx_.get(); }

  /// A certificate that a listener shows to its clients.
  struct Certificate {
    std::string option;  ///< "certfile", "sni.<host>.certfile"
    std::string file;
    std::string subject;
    std::string issuer;
    std::string validity;
    std::int64_t expires_at;  ///< Seconds since 1970.
  };
  /// The first one of each file.
  const std::vector<Certificate>& certificates() const;
  const TlsLoginRule& login_rule() const;
  bool verifies_peer() const;
  /// Null: of a listener.
  const TlsClientOptions* client() const;

 private:
  explicit TlsContext(SslCtxPtr ctx) : ctx_(std::move(ctx)) {}

  SslCtxPtr ctx_;
};

}  // namespace lepus::net
