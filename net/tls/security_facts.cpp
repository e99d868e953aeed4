// From OpenSSL's objects to RabbitMQ's words.
#include "net/tls/security_facts.h"

#include <utility>

#include "core/base/bytes.h"
#include "net/tls/certificate.h"
#include "net/tls/tls_ciphers.h"

namespace lepus::net {
namespace {

std::string_view protocol_of(const SSL& ssl) {
  switch (SSL_version(&ssl)) {
    case TLS1_3_VERSION:
      return "tlsv1.3";
    case TLS1_2_VERSION:
      return "tlsv1.2";
    default:
      return SSL_get_version(&ssl);
  }
}

std::string to_der(const X509& certificate) {
  unsigned char* der = nullptr;
  const int size = i2d_X509(&certificate, &der);
  if (size < 0) return {};
  std::string text{reinterpret_cast<const char*>(der), static_cast<std::size_t>(size)};
  OPENSSL_free(der);
  return text;
}

}  // namespace

ConnectionSecurity describe_security(const SSL& ssl, const TlsLoginRule& rule) {
  ConnectionSecurity security;
  security.is_tls = true;
  security.protocol = protocol_of(ssl);
  if (const SSL_CIPHER* const cipher = SSL_get_current_cipher(&ssl)) {
    const CipherParts parts = describe_cipher(*cipher);
    security.key_exchange = parts.key_exchange;
    security.cipher = parts.cipher;
    security.hash = parts.hash;
  }
  const X509* const certificate = SSL_get0_peer_certificate(&ssl);
  if (certificate == nullptr) return security;
  CertificateFacts facts = describe_certificate(*certificate);
  security.peer_cert_subject = std::move(facts.subject);
  security.peer_cert_issuer = std::move(facts.issuer);
  security.peer_cert_validity = std::move(facts.validity);
  if (std::string name = login_name(*certificate, rule); !name.empty())
    security.peer_cert_login = std::move(name);
  security.peer_cert_der = to_der(*certificate);
  return security;
}

}  // namespace lepus::net
