// One change after the other.
#include "core/broker/topology_replica.h"

#include <cstdint>
#include <utility>

#include "core/queue/queue.h"

namespace lepus::core {

namespace {

/// So many are removed together with what they belong to.
constexpr std::size_t bindings_at_once_max = limits::topology_piece_max;

/// A binding of what the change removes, if it has many; null: it has few, or removes nothing.
const Binding* find_surplus_binding(const Topology& topology, const TopologyChange& change) {
  const auto newest_of_many = [](const BindingList& list) -> const Binding* {
    return list.size() > bindings_at_once_max ? &list.newest() : nullptr;
  };
  if (const auto* removed = std::get_if<QueueRemoved>(&change)) {
    const QueueInfo* queue = topology.find_queue(removed->id);
    return queue == nullptr ? nullptr : newest_of_many(queue->bindings);
  }
  const auto* removed = std::get_if<ExchangeRemoved>(&change);
  const ExchangeInfo* exchange = removed == nullptr ? nullptr : topology.find_exchange(removed->id);
  if (exchange == nullptr) return nullptr;
  const Binding* binding = newest_of_many(exchange->bindings_out);
  return binding != nullptr ? binding : newest_of_many(exchange->bindings_in);
}

}  // namespace

void TopologyReplica::apply(TopologyApply&& command) {
  pending_.emplace_back(std::move(command));
  if (pending_.size() == 1) go_on();
}

void TopologyReplica::apply(TopologyDone&& command) {
  if (pending_.empty()) {
    (void)finish(command);
  } else {
    pending_.emplace_back(std::move(command));
  }
}

void TopologyReplica::work() {
  steps_left_ = limits::topology_steps_per_turn;
  go_on();
}

/// An answer may be followed by a request, but by nothing that comes here within the call.
void TopologyReplica::go_on() {
  while (!pending_.empty()) {
    if (!std::visit([this](auto& command) { return finish(command); }, pending_.front())) return;
    pending_.pop_front();
  }
}

bool TopologyReplica::finish(TopologyDone& command) {
  if (AnswerPort* port = parts_.sessions.answers(command.channel)) port->on_topology_done(command);
  return true;
}

/// Returns true if the command is done.
bool TopologyReplica::finish(TopologyApply& command) {
  const TopologyChanges& changes = *command.changes;
  // What was there before a start comes in one piece: queues may fetch what they hold as soon as
  // they are there, and the message log knows its owner only when all of them are.
  if (!is_started_) steps_left_ = SIZE_MAX;
  if (next_ == 0 && !rematch_ && !thin_out(changes)) return false;
  for (; next_ < changes.list.size(); ++next_)
    if (!apply_one(changes, changes.list[next_])) return false;
  next_ = 0;
  parts_.events.emit_noted();
  if (!is_started_) steps_left_ = limits::topology_steps_per_turn;
  is_started_ = true;
  parts_.host.message_log().set_record_owner(&parts_.queues);
  parts_.host.outbox().send_to_control(TopologyApplied{command.version});
  return true;
}

/// Before the first change: some changes belong together. Returns true if none of them removes
/// something with many bindings any more, or a queue with much to send on or many consumers.
bool TopologyReplica::thin_out(const TopologyChanges& changes) {
  for (const TopologyChange& change : changes.list) {
    if (!remove_bindings(changes, change)) return false;
    const auto* removed = std::get_if<QueueRemoved>(&change);
    if (removed != nullptr && !parts_.queues.prepare_removal(removed->id, steps_left_))
      return false;
  }
  return true;
}

bool TopologyReplica::remove_bindings(const TopologyChanges& changes,
                                      const TopologyChange& change) {
  for (; const Binding* binding = find_surplus_binding(parts_.topology, change); --steps_left_) {
    if (steps_left_ == 0) return false;
    const TopologyChange unbound = BindingRemoved{spec_of(*binding)};
    if (is_started_) parts_.events.note_change(changes, unbound);
    account_.note(parts_.topology, unbound);
    parts_.topology.apply(unbound);
  }
  return true;
}

/// Returns true if the change is done.
bool TopologyReplica::apply_one(const TopologyChanges& changes, const TopologyChange& change) {
  if (is_started_ && !rematch_) parts_.events.note_change(changes, change);
  if (const auto* put = std::get_if<PolicyPut>(&change)) return change_policies(*put);
  if (const auto* removed = std::get_if<PolicyRemoved>(&change)) return change_policies(*removed);
  if (const auto* removed = std::get_if<QueueRemoved>(&change)) {
    if (parts_.queues.find(removed->id) != nullptr) ++parts_.host.counters.queues_deleted;
    parts_.queues.remove(removed->id);
  }
  account_.note(parts_.topology, change);
  parts_.topology.apply(change);
  if (const auto* bound = std::get_if<BindingAdded>(&change); bound != nullptr && is_started_)
    parts_.forwards.replay_history(bound->binding);
  if (const auto* added = std::get_if<QueueAdded>(&change);
      added != nullptr && added->queue.home == parts_.host.shard()) {
    parts_.queues.add(*parts_.topology.find_queue(added->queue.id));
    if (is_started_) ++parts_.host.counters.queues_created;
  }
  return true;
}

/// Only queues are told whose arguments in force are others now.
template <class Change>
bool TopologyReplica::change_policies(const Change& change) {
  if (!rematch_) rematch_.emplace(parts_.topology.begin(change));
  const bool is_done = rematch_->work(steps_left_, [](const QueueInfo& queue) {
    if (queue.local != nullptr) queue.local->on_policy_changed();
  });
  if (is_done) rematch_.reset();
  return is_done;
}

}  // namespace lepus::core
