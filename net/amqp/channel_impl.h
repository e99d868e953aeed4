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

inline core::Broker& Channel::broker() { return connection_.server().broker(); }

}  // namespace lepus::amqp
