// What the parts of a channel have in common: the session they act on, where their answers go, and
// what the channel has of its connection. Owned by the channel (net/amqp/channel.h), outlives its
// parts, which know one another as far as they must, and none the channel.
#pragma once

#include <cstdint>

#include "core/session/session.h"
#include "net/amqp/connection/channel_context.h"
#include "net/amqp/connection/output.h"
#include "net/amqp/methods.gen.h"
#include "net/amqp/services.h"

namespace lepus::amqp {

struct ChannelLink {
  const ChannelContext& context;
  Output& output;  ///< Of the context; used once a message.
  core::Session& session;
  std::uint16_t number;  ///< Of the channel on its connection.

  template <class Method>
  void send(const Method& method) const {
    output.send(number, method);
  }
  core::Broker& broker() const { return context.services.broker(); }
};

/// Returns as whose request a session remembers it.
inline core::PendingAnswer::Origin origin_of(MethodId method, bool no_wait = false) {
  return {class_id_of(method), method_id_of(method), no_wait};
}

}  // namespace lepus::amqp
