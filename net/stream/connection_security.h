// What protects a connection, for lists, events, the log, and logins by certificate. Filled in by a
// TLS filter when its handshake is done.
#pragma once

#include <optional>
#include <string>

namespace lepus::net {

/// Texts as RabbitMQ shows them; empty: not known, or there is none.
struct ConnectionSecurity {
  bool is_tls = false;
  std::string protocol;      ///< "tlsv1.3"
  std::string key_exchange;  ///< "ecdhe_rsa"
  std::string cipher;        ///< "aes_256_gcm"
  std::string hash;          ///< "sha384"
  // The certificate that the peer showed and that was verified.
  std::string peer_cert_subject;
  std::string peer_cert_issuer;
  std::string peer_cert_validity;
  /// Whom it names, as of ssl_cert_login_from: the user of the mechanism EXTERNAL.
  std::optional<std::string> peer_cert_login;
  std::optional<std::string> peer_cert_der;
};

/// Of streams that nothing protects.
inline const ConnectionSecurity& no_security() {
  static const ConnectionSecurity none;
  return none;
}

}  // namespace lepus::net
