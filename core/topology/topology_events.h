// What RabbitMQ's event exchange tells of changes: queues, exchanges, bindings, virtual hosts,
// users, permissions, policies, limits, parameters.
#pragma once

#include <vector>

#include "core/broker/event.h"
#include "core/topology/topology.h"

namespace lepus::core {

/// Appends the events of `change`, one of `changes`, which is about to be applied to `topology`;
/// none for what nobody sees (stores of exchanges).
void describe_change(const Topology& topology, const TopologyChanges& changes,
                     const TopologyChange& change, std::vector<Event>& out);

}  // namespace lepus::core
