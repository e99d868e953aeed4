// How connections and channels are named where RabbitMQ shows an Erlang process.
#pragma once

#include <string>
#include <string_view>

#include "core/base/ids.h"

namespace lepus::amqp {

/// "<lepus@host.shard.number.channel>"; channel 0 is the connection.
std::string connection_pid(std::string_view node, core::ConnectionId id, unsigned channel = 0);

}  // namespace lepus::amqp
