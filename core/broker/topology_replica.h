// How the changes that the control thread decided reach this shard: in its order, each on the
// topology and then on the queues that are homed here.
//
//   TopologyApply -> queues that go -> topology -> queues that come, policies, histories -> events
//                 -> TopologyApplied
//   TopologyDone  -> the session that asked, behind what came before it
//
// What concerns more than a few goes in slices, so many steps a turn, with clients' work between
// them: the queues that a change of a policy may concern, the bindings of what is removed, and the
// consumers and dead letters of queues that are. What comes meanwhile waits behind it. Between two
// slices an exchange that goes has part of its bindings, a queue that goes part of its consumers,
// and part of the queues follows the new policy.
#pragma once

#include <cstddef>
#include <deque>
#include <optional>
#include <variant>

#include "core/broker/control_command.h"
#include "core/broker/event_emitter.h"
#include "core/broker/forward_router.h"
#include "core/broker/queue_table.h"
#include "core/broker/session_table.h"
#include "core/limits.h"
#include "core/topology/policy_matching.h"
#include "core/topology/topology_account.h"

namespace lepus::core {

class TopologyReplica {
 public:
  /// What it changes; all of it outlives this object.
  struct Parts {
    QueueHost& host;
    Topology& topology;
    QueueTable& queues;
    SessionTable& sessions;
    ForwardRouter& forwards;
    EventEmitter& events;
  };
  explicit TopologyReplica(const Parts& parts)
      : parts_(parts), account_(parts.host.shard(), parts.host.memory()) {}

  /// At once, or, when it or what came before takes more steps than this turn has, in later turns.
  /// The control thread is told when it is done. The first changes bring what was there before the
  /// start: nothing is told of them, and no history replayed.
  void apply(TopologyApply&& command);
  void apply(TopologyDone&& command);
  /// Once a turn: goes on with what is left.
  void work();
  /// Something is left that only needs another turn.
  bool has_work() const { return !pending_.empty(); }

 private:
  using Pending = std::variant<TopologyApply, TopologyDone>;

  void go_on();
  bool finish(TopologyApply& command);
  bool finish(TopologyDone& command);
  bool thin_out(const TopologyChanges& changes);
  bool remove_bindings(const TopologyChanges& changes, const TopologyChange& change);
  bool apply_one(const TopologyChanges& changes, const TopologyChange& change);
  template <class Change>
  bool change_policies(const Change& change);

  Parts parts_;
  TopologyAccount account_;
  std::deque<Pending> pending_;           ///< Oldest first; all but the first have not been begun.
  std::size_t next_ = 0;                  ///< Change of the first that is to be applied next.
  std::optional<PolicyRematch> rematch_;  ///< Of that change, when it has been begun.
  std::size_t steps_left_ = limits::topology_steps_per_turn;
  bool is_started_ = false;  ///< What was there before the start is applied.
};

}  // namespace lepus::core
