// Who is at the other end of a connection, for logs, lists and the rules about loopback addresses.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

namespace lepus::io {

struct Endpoint {
  std::string address;  ///< Numeric: "127.0.0.1", "::1". Of a unix socket: its path, or nothing.
  std::uint16_t port = 0;
};

/// Both ends of a connection as text() "127.0.0.1:51234 -> 127.0.0.1:5672" (IPv6 addresses in
/// brackets), or "pid 814 uid 1000 -> /run/lepus/amqp.sock".
struct PeerName {
  Endpoint remote;
  Endpoint local;
  /// Of the peer's process, on a unix socket only; there the addresses are no numbers.
  std::optional<std::uint32_t> user = std::nullopt;
  std::uint32_t process = 0;  ///< With `user`; 0: it lives where its number is not known.
  /// A proxy connected, and did not say for whom: the addresses are the proxy's.
  bool is_relayed = false;

  std::string text() const;
  /// Returns true if the peer is on this machine as far as is known: what users may rely on that
  /// log in only so.
  bool is_loopback() const;
};

}  // namespace lepus::io
