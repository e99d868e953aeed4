// Taking changes of a topology back, for a master whose changes could not be made durable.
//
//   for each change: append_undo(master, change, undo), then master.apply(change)
//   when it did not work: master.apply() of the list from its end to its beginning
//
// The topology then has the same content as before. Nobody but the master has seen what is taken
// back, so that its lists may have another order does no harm: only replicas route.
#pragma once

#include <vector>

#include "core/topology/topology.h"
#include "core/topology/topology_change.h"

namespace lepus::core {

/// Appends what undoes `change` on a topology as it is before it, in the order in which it is to be
/// applied from the end of the list.
void append_undo(const Topology& before, const TopologyChange& change,
                 std::vector<TopologyChange>& undo);

}  // namespace lepus::core
