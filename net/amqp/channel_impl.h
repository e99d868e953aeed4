// For the channel_*.cpp files only: what needs the parts of the connection.
#pragma once

#include "net/amqp/channel.h"
#include "net/amqp/channel_lists.h"
#include "net/amqp/connection/facts.h"
#include "net/amqp/connection/input_gate.h"
#include "net/amqp/connection/output.h"
#include "net/amqp/services.h"

namespace lepus::amqp {

template <class Method>
void Channel::send(const Method& method) {
  output_.send(number_, method);
}

inline core::Broker& Channel::broker() { return context_.services.broker(); }

/// As whose request a session remembers it.
inline core::PendingAnswer::Origin origin_of(MethodId method, bool no_wait = false) {
  return {class_id_of(method), method_id_of(method), no_wait};
}

}  // namespace lepus::amqp
