// The firehose: a copy of each message that a virtual host is given or gives out, for whoever is
// bound to its amq.rabbitmq.trace (topic). Keys, headers and their types are RabbitMQ's:
//
//   publish.<exchange>   exchange_name, routing_keys, properties, node, vhost, connection, channel,
//                        user, routed_queues
//   deliver.<queue>      the same with redelivered (0 or 1) in the place of routed_queues
#pragma once

#include <cstdint>
#include <string_view>

#include "core/message/message.h"
#include "core/topology/topology.h"

namespace lepus::core {

/// What is seen, and on whose channel.
struct Trace {
  VhostId vhost;
  std::string_view connection;  ///< Its name: "127.0.0.1:1234 -> 127.0.0.1:5672".
  std::uint16_t channel = 0;
  std::string_view user;
  const RouteResult* routed = nullptr;  ///< Set: the message was published, to these queues.
  std::string_view queue = {};          ///< Else: it leaves this one,
  bool redelivered = false;             ///< perhaps not for the first time.
};

struct TracePlace {
  std::string_view node;
  std::string_view vhost;
};

/// Transient, with the body of `message`.
MessageRef make_trace(const Trace& trace, const TracePlace& place, const Message& message,
                      MemoryAccount& account);

}  // namespace lepus::core
