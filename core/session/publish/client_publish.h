// A message as a client published it, with what decides where it goes and whether it comes back.
#pragma once

#include <string>
#include <vector>

#include "core/base/ids.h"
#include "core/message/message.h"
#include "core/topology/topology.h"

namespace lepus::core {

struct ClientPublish {
  bool mandatory = false;  ///< Returned when it reaches no queue.
  bool immediate = false;  ///< Returned when no consumer takes it at once.
  MessageRef message;
  std::vector<std::string> cc_keys;  ///< Of CC and BCC.
};

/// Appends the queues that this message reaches, by its keys, headers and properties. An exchange
/// that is gone (it may be, since the publish was accepted) reaches none. Returns the exchange;
/// null: it is gone.
const ExchangeInfo* route_publish(const Topology& topology, VhostId vhost,
                                  const ClientPublish& publish, RouteResult& out);

}  // namespace lepus::core
