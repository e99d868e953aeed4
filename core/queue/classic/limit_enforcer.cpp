// A consumer that is ready takes a message before it counts against a limit.
#include "core/queue/classic/limit_enforcer.h"

#include <utility>

#include "core/limits.h"

namespace lepus::core {

std::optional<Sequence> LimitEnforcer::push(MessageRef message) {
  CHECK(message);
  Queue& queue = context_.queue;
  QueueState& state = context_.messages.state();
  const QueueArguments& rules = *context_.info.effective;
  if (rules.overflow != Overflow::drop_head && state.is_full_for(*message)) {
    if (queue.pump()) context_.host.schedule(queue);
    if (state.is_full_for(*message) && !can_deliver_at_once(message->body_size(), true)) {
      if (rules.overflow == Overflow::reject_publish_dead_letter)
        forwarding_.forward_refused(*message);
      return std::nullopt;
    }
  }
  const std::uint64_t ttl_ms = message->ttl_ms();
  if (context_.queue.record_rule().is_durable) context_.messages.records().note_pushed(*message);
  const Sequence sequence = state.push(std::move(message), context_.host.now());
  context_.timer.wake_at(state.next_deadline());
  context_.host.schedule(queue);
  // What leaves an exchange's store goes on with the next deadline, not within this publish.
  const bool expires_now = ttl_ms == 0 || rules.message_ttl_ms == 0U;
  if (expires_now && context_.info.store_use == StoreUse::none) expire_undelivered(sequence);
  if (state.is_over_limit()) drop_excess();
  return sequence;
}

/// A time to live of 0: it goes to a consumer that can take it now, or it was never here.
void LimitEnforcer::expire_undelivered(Sequence sequence) {
  deliver_waiting();
  if (context_.messages.backlog().state(sequence) == Slot::State::ready)
    forwarding_.discard(sequence, DeathReason::expired);
}

/// As many shares as one connection's input may bring messages, unless consumers are slower.
void LimitEnforcer::deliver_waiting() {
  for (std::size_t i = 0; i < limits::catch_up_shares_max; ++i)
    if (!context_.queue.pump()) return;
  context_.host.schedule(context_.queue);
}

void LimitEnforcer::catch_up() {
  deliver_waiting();
  expire_due();
}

bool LimitEnforcer::surely_refuses(std::uint64_t count, std::uint64_t bytes) {
  const bool may_drop = context_.info.effective->overflow == Overflow::drop_head;
  if (context_.queue.inspector() != nullptr || may_drop) return false;
  catch_up();
  for (const Consumer* consumer : delivery_.consumers())
    if (consumer->linked() && consumer->has_room()) return false;
  return context_.messages.state().exceeds(count, bytes);
}

bool LimitEnforcer::can_deliver_at_once(std::uint64_t size, bool hopes) {
  if (context_.messages.ready_count() > 0) return false;
  for (Consumer* consumer : delivery_.consumers())
    if (consumer->linked() && delivery_.is_able(*consumer, size, hopes)) return true;
  return false;
}

void LimitEnforcer::drop_excess() {
  if (context_.queue.pump()) context_.host.schedule(context_.queue);
  for (std::size_t i = 0; i < limits::discards_per_turn_max; ++i) {
    const auto excess = context_.messages.state().next_excess();
    if (!excess) return;
    forwarding_.discard(excess->sequence, excess->reason);
  }
  // A policy may have made a long queue a short one. The rest is for the next turn.
  context_.host.add_deadline(context_.host.now(), context_.info.id);
}

void LimitEnforcer::drop_excess_head() {
  if (context_.info.effective->overflow == Overflow::drop_head &&
      context_.messages.state().is_over_limit())
    drop_excess();
}

void LimitEnforcer::expire_due() {
  std::size_t budget = limits::discards_per_turn_max;
  while (const auto expired = context_.messages.state().next_expired(context_.host.now(), budget))
    forwarding_.discard(expired->sequence, expired->reason);
}

}  // namespace lepus::core
