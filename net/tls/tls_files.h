// Reads certificates, keys and lists of authorities into an OpenSSL context. Each function returns
// nothing when all is well, else what is wrong with which option and file.
#pragma once

#include <optional>
#include <string>

#include "net/tls/openssl.h"
#include "net/tls/tls_options.h"

namespace lepus::net {

/// `prefix` is what stands before "certfile" and "keyfile" in the names of the options.
std::optional<TlsProblem> load_own_certificate(SSL_CTX& ctx, const TlsKeyFiles& files,
                                               const std::string& prefix);
/// Of a connection that this side makes: authorities, and whether the server's certificate counts.
std::optional<TlsProblem> load_server_rules(SSL_CTX& ctx, const TlsClientOptions& options);
/// Authorities, the revocation list, and how clients' certificates are looked at.
std::optional<TlsProblem> load_peer_rules(SSL_CTX& ctx, const TlsOptions& options);

}  // namespace lepus::net
