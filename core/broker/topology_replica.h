// How the changes that the control thread decided reach this shard: in its order, each on the
// topology and then on the queues that are homed here.
//
//   TopologyApply -> queues that go -> topology -> queues that come, policies, histories -> events
//                 -> TopologyApplied
#pragma once

#include "core/broker/control_command.h"
#include "core/broker/event_emitter.h"
#include "core/broker/forward_router.h"
#include "core/broker/queue_table.h"
#include "core/topology/topology_account.h"

namespace lepus::core {

class TopologyReplica {
 public:
  /// What it changes; all of it outlives this object.
  struct Parts {
    QueueHost& host;
    Topology& topology;
    QueueTable& queues;
    ForwardRouter& forwards;
    EventEmitter& events;
  };
  explicit TopologyReplica(const Parts& parts)
      : parts_(parts), account_(parts.host.shard(), parts.host.memory()) {}

  /// The control thread is told that it is done. The first changes bring what was there before the
  /// start: nothing is told of them, and no history replayed.
  void apply(const TopologyApply& command);

 private:
  void apply_one(const TopologyChanges& changes, const TopologyChange& change);

  Parts parts_;
  TopologyAccount account_;
  bool is_started_ = false;  ///< What was there before the start is applied.
};

}  // namespace lepus::core
