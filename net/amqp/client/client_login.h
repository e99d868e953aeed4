// The login of a client at another broker: what it says of itself, and its answers to the two
// methods with which the other side begins.
#pragma once

#include <cstdint>
#include <string>

#include "net/amqp/codec/writer.h"

namespace lepus::amqp {

struct ClientLogin {
  std::string user;
  std::string password;
  bool uses_external = false;  ///< SASL EXTERNAL in place of PLAIN.
  std::string vhost;
  std::uint16_t heartbeat_s = 10;  ///< 0: none.
  std::string connection_name;     ///< Shown by the other broker.
};

/// Writes connection.start-ok. Empty, or why there can be no login.
[[nodiscard]] std::string answer_start(const ConnectionStart& start, const ClientLogin& login,
                                       Writer& writer);

struct ClientLimits {
  std::uint32_t frame_max = 0;
  std::uint16_t heartbeat_s = 0;
};
/// Writes connection.tune-ok and connection.open, for one channel. `limits` has our largest frame,
/// and then what holds. Empty, or why the other side cannot be used.
[[nodiscard]] std::string answer_tune(const ConnectionTune& tune, const ClientLogin& login,
                                      ClientLimits& limits, Writer& writer);

}  // namespace lepus::amqp
