// TLS of the listeners as the configuration has it: made at the start, made anew by a reload, and
// given to every shard.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "core/base/log.h"
#include "core/base/time.h"
#include "net/tls/ticket_keys.h"
#include "net/tls/tls_context.h"

namespace lepus::server {

struct ServerConfig;
struct HttpDoor;

struct TlsSetup {
  std::string keys = "ssl_options";        ///< Which keys say so.
  std::optional<net::TlsContext> context;  ///< Nothing: no listener speaks TLS.
  core::Nanos handshake_timeout = core::never;
};

/// For tickets of sessions that are resumed wherever this secret is known, from the system's
/// generator.
net::TicketSecret random_ticket_secret();

/// Reads the files. Empty, or what is wrong with which key and file.
[[nodiscard]] std::string make_tls(const ServerConfig& config, TlsSetup& setup);

/// Of the ports of HTTP.
struct HttpTls {
  TlsSetup management;
  TlsSetup prometheus;
};
[[nodiscard]] std::string make_http_tls(const ServerConfig& config, HttpTls& setups);

/// Days until the certificate expires, rounded down; negative when it has.
std::int64_t days_left(const net::TlsContext::Certificate& certificate, std::int64_t now_s);

/// One line for each certificate, a warning when it expires soon.
void log_certificates(const TlsSetup& setup, core::Log& log, std::int64_t now_s);

}  // namespace lepus::server
