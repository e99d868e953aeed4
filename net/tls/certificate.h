// What a certificate says, as text, in the forms RabbitMQ shows and takes as user names.
#pragma once

#include <cstdint>
#include <string>

#include "net/tls/openssl.h"
#include "net/tls/tls_options.h"

namespace lepus::net {

struct CertificateFacts {
  std::string subject;   ///< As in RFC 4514: the most specific part first.
  std::string issuer;    ///< Likewise.
  std::string validity;  ///< "2026-01-01T00:00:00Z - 2027-01-01T00:00:00Z"
};
CertificateFacts describe_certificate(const X509& certificate);

/// Seconds since 1970 of its last moment.
std::int64_t expiry_of(const X509& certificate);

/// The user's name; "" when the certificate has no such part.
std::string login_name(const X509& certificate, const TlsLoginRule& rule);

}  // namespace lepus::net
