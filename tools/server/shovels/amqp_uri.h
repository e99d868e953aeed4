// AMQP URIs as RabbitMQ reads them for shovels.
//
//   amqp://                                this broker, as an operator, virtual host "/"
//   amqp:///v  amqp://user@/v              this broker, virtual host "v", with the user's rights
//   amqp://user:secret@host:5673/v?heartbeat=5
//   amqps://user:secret@host?cacertfile=..&certfile=..&keyfile=..&password=..
//          &verify=verify_peer|verify_none&depth=..&server_name_indication=host|disable
//   keys of both: heartbeat (s), connection_timeout (ms), channel_max,
//                 auth_mechanism=plain|external
//
// User, password, virtual host and values are percent-decoded.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "core/base/time.h"
#include "core/limits/shovels.h"
#include "net/tls/tls_options.h"

namespace lepus::server {

struct AmqpUri {
  bool is_local = false;  ///< It names no host.
  bool is_tls = false;
  std::string user;      ///< Of another broker: "guest" when none is named.
  std::string password;  ///< The same.
  std::string host;      ///< A name or an address, without brackets.
  std::uint16_t port = 0;
  std::string vhost = "/";
  std::uint16_t heartbeat_s = 10;
  std::uint16_t channel_max = 0;
  core::Nanos connect_wait = core::limits::shovel_connect_wait_default;
  bool uses_external = false;
  net::TlsClientOptions tls = {};

  /// Without user, password and options: for status and headers.
  std::string shown() const;
};

/// Empty, or what is wrong, without secrets.
[[nodiscard]] std::string read_amqp_uri(std::string_view text, AmqpUri& uri);

}  // namespace lepus::server
