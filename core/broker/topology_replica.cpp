// One change after the other.
#include "core/broker/topology_replica.h"

#include <variant>

namespace lepus::core {

void TopologyReplica::apply(const TopologyApply& command) {
  for (const TopologyChange& change : command.changes->list) apply_one(*command.changes, change);
  parts_.events.emit_noted();
  is_started_ = true;
  parts_.host.message_log().set_record_owner(&parts_.queues);
  parts_.host.outbox().send_to_control(TopologyApplied{command.version});
}

void TopologyReplica::apply_one(const TopologyChanges& changes, const TopologyChange& change) {
  if (is_started_) parts_.events.note_change(changes, change);
  if (const auto* removed = std::get_if<QueueRemoved>(&change)) parts_.queues.remove(removed->id);
  account_.note(parts_.topology, change);
  parts_.topology.apply(change);
  if (std::holds_alternative<PolicyPut>(change) || std::holds_alternative<PolicyRemoved>(change))
    parts_.queues.on_policies_changed(parts_.topology.version());
  if (const auto* bound = std::get_if<BindingAdded>(&change); bound != nullptr && is_started_)
    parts_.forwards.replay_history(bound->binding);
  if (const auto* added = std::get_if<QueueAdded>(&change);
      added != nullptr && added->queue.home == parts_.host.shard())
    parts_.queues.add(*parts_.topology.find_queue(added->queue.id));
}

}  // namespace lepus::core
