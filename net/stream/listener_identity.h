// What a listener is: by which door a connection came, for what it has to speak, for lists and the
// log.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace lepus::net {

/// What is spoken on a listener.
enum class ListenerProtocol : std::uint8_t {
  amqp,
  amqps,  ///< In TLS.
  http,
  https,
  prometheus,  ///< HTTP for metrics.
  prometheus_tls,
};

/// As RabbitMQ calls it.
inline std::string_view protocol_name(ListenerProtocol protocol) {
  switch (protocol) {
    case ListenerProtocol::amqp:
      return "amqp";
    case ListenerProtocol::amqps:
      return "amqp/ssl";
    case ListenerProtocol::http:
      return "http";
    case ListenerProtocol::https:
      return "https";
    case ListenerProtocol::prometheus:
      return "http/prometheus";
    case ListenerProtocol::prometheus_tls:
      return "https/prometheus";
  }
  return {};
}

struct ListenerIdentity {
  std::string key;      ///< Of the configuration: "listeners.tcp.default".
  std::string address;  ///< "127.0.0.1:5672", "[::]:5672", or a path.
  ListenerProtocol protocol = ListenerProtocol::amqp;
  bool is_unix = false;
  bool expects_proxy_header = false;  ///< A proxy says first for whom it connects.
  /// Of the keys with its TLS settings: "ssl_options". Empty: it is plain.
  std::string tls_settings = {};
};

/// Of streams that came by none.
inline const ListenerIdentity& unknown_listener() {
  static const ListenerIdentity unknown;
  return unknown;
}

/// A listener that is to be.
struct Listening {
  ListenerIdentity identity;
  /// A listening socket, which is taken over; -1: the transport has an address of its own.
  int socket = -1;
};

}  // namespace lepus::net
