// What the operator decided about the HTTP API (management.*), as plain values.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/time.h"
#include "net/http/http_service.h"

namespace lepus::server {

struct ApiSettings {
  std::string path_prefix;                   ///< "/rabbitmq": before "/api"; "": nothing is.
  std::vector<std::string> allowed_origins;  ///< Of CORS; "*": all. Empty: no such headers.
  std::uint32_t cors_max_age_s = 1'800;      ///< 0: not told.
  net::HttpHeaders extra_headers;            ///< Of every answer: CSP, HSTS and the like.
  std::string realm = "RabbitMQ Management";
  bool takes_passwords = true;                ///< False: tokens and certificates only.
  bool takes_certificates = false;            ///< The client's, over TLS: as EXTERNAL of AMQP.
  std::uint32_t login_session_timeout_s = 0;  ///< Of the cookie of /api/login; 0: of the session.
};

/// Rows a listing looks at or writes before the next request has its turn.
inline constexpr std::size_t api_rows_per_turn = 8'192;
inline constexpr std::size_t api_written_per_turn = 256;
/// A page of a listing: RabbitMQ's numbers.
inline constexpr std::uint64_t api_page_size_default = 100;
inline constexpr std::uint64_t api_page_size_max = 500;
/// Requests that are answered at the same time; more are refused.
inline constexpr std::size_t api_calls_max = 1'024;
/// Parameters of a query, and columns that one may name.
inline constexpr std::size_t api_parameters_max = 100;
/// A regular expression a client filters by may need so much memory.
inline constexpr std::int64_t api_pattern_memory_max = 1 << 20;

}  // namespace lepus::server
