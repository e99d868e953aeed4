// What connections and channels tell of themselves (core/broker/event.h). Nothing is put together
// that nobody is bound to.
#pragma once

#include <cstdint>
#include <string_view>

#include "core/broker/broker.h"
#include "core/session/session_consumers.h"
#include "net/amqp/connection/facts.h"

namespace lepus::amqp {

struct LoginAttempt {
  std::string_view user;
  std::string_view mechanism;
  std::string_view refusal = {};  ///< Empty: it succeeded.
};

/// user.authentication.success or .failure
void emit_login(core::Broker& broker, const ConnectionFacts& facts, const LoginAttempt& attempt);
/// connection.created
void emit_connection_created(core::Broker& broker, const ConnectionFacts& facts);
/// connection.closed
void emit_connection_closed(core::Broker& broker, const ConnectionFacts& facts,
                            std::string_view reason);
/// channel.created or channel.closed
void emit_channel(core::Broker& broker, const ConnectionFacts& facts, std::uint16_t number,
                  bool is_open);

struct ConsumerPlace {
  std::uint16_t channel;
  bool is_there;  ///< Its queue has it from now on; else it is gone.
};
/// consumer.created or consumer.deleted
void emit_consumer(core::Broker& broker, const ConnectionFacts& facts, ConsumerPlace place,
                   const core::SessionConsumer& consumer);

/// Milliseconds since 1970.
std::uint64_t connected_at_ms(core::Broker& broker, const ConnectionFacts& facts);

}  // namespace lepus::amqp
