// The part of ServerConfig about HTTP: management.*, prometheus.*, and what both show.
//
// A door has a plain port and one for TLS. As with RabbitMQ the plain one is open when nothing is
// said, and closed when only the other one is configured.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "core/limits/http.h"
#include "net/tls/tls_options.h"

namespace lepus::server {

struct HttpPort {
  std::optional<std::uint16_t> port;  ///< 0: none. Nothing: not said.
  std::string host;                   ///< Numeric, without brackets; "" = all addresses.
  bool operator==(const HttpPort&) const = default;
};

struct HttpDoor {
  HttpPort tcp;
  HttpPort ssl;
  net::TlsOptions tls;  ///< Of ssl; without a certificate ssl_options counts.
  std::uint32_t idle_timeout_ms = 60'000;
  std::uint32_t request_timeout_ms = 5'000;
  std::uint32_t connections_max = core::limits::http_connections_max;
  bool operator==(const HttpDoor&) const = default;

  bool has_own_certificate() const { return !tls.own.certfile.empty(); }
  bool has_tls() const { return ssl.port ? *ssl.port != 0 : has_own_certificate(); }
  bool has_plain() const { return tcp.port ? *tcp.port != 0 : !has_tls(); }
};

struct ManagementConfig {
  static constexpr std::uint16_t default_port = 15672;
  static constexpr std::uint16_t default_tls_port = 15671;

  HttpDoor door;
  std::uint64_t body_size_max = core::limits::http_body_max_default;
  std::string path_prefix;                   ///< "" or "/something", without '/' at its end.
  std::vector<std::string> allowed_origins;  ///< Of CORS; "*": all.
  std::uint32_t cors_max_age_s = 1'800;      ///< 0: not told.
  // Header fields of every answer; "" = not sent.
  std::string csp_policy;
  std::string hsts_policy;
  std::string content_type_options;
  std::string xss_protection;
  std::string frame_options;
  bool disable_basic_auth = false;
  bool ssl_cert_login = false;
  bool disable_stats = false;
  bool enable_queue_totals = false;
  std::uint32_t login_session_timeout_min = 480;
};

struct PrometheusConfig {
  static constexpr std::uint16_t default_port = 15692;
  static constexpr std::uint16_t default_tls_port = 15691;

  HttpDoor door;
  std::string path = "/metrics";
  bool return_per_object_metrics = false;  ///< Under that path.
};

}  // namespace lepus::server
