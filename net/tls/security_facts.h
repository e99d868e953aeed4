// What lists, events and logins say of a TLS connection.
#pragma once

#include "net/stream/connection_security.h"
#include "net/tls/openssl.h"
#include "net/tls/tls_options.h"

namespace lepus::net {

/// After the handshake. A certificate is there only if the client was asked for one.
ConnectionSecurity describe_security(const SSL& ssl, const TlsLoginRule& rule);

}  // namespace lepus::net
