// For the channel_*.cpp files only: what needs the whole Connection.
#pragma once

#include "net/amqp/channel.h"
#include "net/amqp/connection.h"
#include "net/amqp/server.h"

namespace lepus::amqp {

template <class Method>
void Channel::send(const Method& method) {
  connection_.writer().method(number_, method);
  connection_.touch();
}

inline core::Broker& Channel::broker() { return services_.broker(); }

/// As whose request a session remembers it.
inline core::PendingAnswer::Origin origin_of(MethodId method, bool no_wait = false) {
  return {class_id_of(method), method_id_of(method), no_wait};
}

}  // namespace lepus::amqp
