// In one step, or by way of the outbox.
#include "core/queue/classic/forwarding.h"

#include <utility>

#include "core/limits.h"

namespace lepus::core {

namespace {

/// x-dead-letter-strategy=at-least-once: who refuses is asked again, and so is an exchange that
/// leads nowhere. As in RabbitMQ not together with drop-head, where nothing would bound the queue.
bool is_at_least_once(const QueueArguments& rules) {
  return rules.dead_letter_at_least_once && rules.overflow != Overflow::drop_head;
}

bool leads_elsewhere(const RouteResult& route, ShardId here) {
  for (const QueueInfo* target : route)
    if (target->home != here && target->survives_restart()) return true;
  return false;
}

}  // namespace

/// Where dead letters go, or from a store on when the time has come.
bool Forwarding::is_forwarded(DeathReason reason) const {
  const QueueInfo& info = context_.info;
  if (info.store_use == StoreUse::none) return info.effective->dead_letter_exchange.has_value();
  return info.store_use != StoreUse::history && reason == DeathReason::expired;
}

void Forwarding::discard(Sequence sequence, DeathReason reason) {
  PriorityBacklog& backlog = context_.messages.backlog();
  count_one(backlog.tally->removed, reason);
  count_death(reason);
  if (!is_forwarded(reason)) return (void)context_.messages.take(sequence);
  if (backlog.state(sequence) != Slot::State::retained) backlog.retain(sequence);
  if (!outbox_) outbox_ = std::make_unique<DeadLetterOutbox>();
  outbox_->add(sequence, reason);
  resume();
}

/// What an exchange holds does not die when it goes on.
void Forwarding::count_death(DeathReason reason) {
  if (context_.info.store_use != StoreUse::none) return;
  ShardCounts& counters = context_.host.counters;
  if (!context_.info.effective->dead_letter_exchange)
    return count_one(counters.dead_letters_dropped, reason);
  count_one(context_.messages.backlog().tally->dead_lettered, reason);
  count_one(counters.dead_lettered, reason);
}

void Forwarding::forward_refused(const Message& message) {
  if (!context_.info.effective->dead_letter_exchange) return;
  count_death(DeathReason::maxlen);
  QueueHost& host = context_.host;
  host.publish_later(host.make_forward(context_.info, message, DeathReason::maxlen));
}

void Forwarding::resume() {
  if (!outbox_ || !outbox_->can_forward(context_.host.now())) return;
  if (!std::exchange(is_listed_, true)) context_.host.add_forwarding(context_.info.id);
}

Nanos Forwarding::next_deadline() const {
  return outbox_ ? outbox_->next_deadline(context_.host.now()) : never;
}

/// In the order in which they were given up. A content that is on disk only is asked for.
bool Forwarding::forward_rest(std::size_t& budget) {
  if (!outbox_) return false;
  PriorityBacklog& backlog = context_.messages.backlog();
  for (; budget > 0 && outbox_->can_forward(context_.host.now()); --budget) {
    const DeadLetterOutbox::Given next = outbox_->take_next();
    if (backlog.state(next.sequence) != Slot::State::retained) continue;
    if (!backlog.slot_at(next.sequence).is_evicted()) {
      forward(next.sequence, next.reason);
    } else {
      outbox_->note_in_flight(next);
      residency_.request_fetch(next.sequence);
    }
  }
  return outbox_->can_forward(context_.host.now());
}

bool Forwarding::forward_pending(std::size_t& budget) {
  if (!outbox_) return false;
  is_listed_ = false;
  const bool has_more = forward_rest(budget);
  context_.timer.wake_at(next_deadline());
  // It may be in the list again: dead letters can lead back here.
  return has_more && !std::exchange(is_listed_, true);
}

/// Its content is here.
void Forwarding::forward(Sequence sequence, DeathReason reason) {
  const Message& message = *context_.messages.backlog().slot_at(sequence).message();
  if (!is_forwarded(reason)) return take_forwarded(sequence);
  QueueHost& host = context_.host;
  const Forward forward = host.make_forward(context_.info, message, reason);
  const bool waits = is_at_least_once(*context_.info.effective) ||
                     (context_.messages.records().rule().covers(message) &&
                      leads_elsewhere(forward.route, host.shard()));
  if (!waits) {
    take_forwarded(sequence);
    return host.publish(forward);
  }
  if (!outbox_->is_in_flight(sequence)) outbox_->note_in_flight({sequence, reason});
  if (!host.transfer({context_.info.id, sequence}, forward)) on_transferred(sequence, true);
}

void Forwarding::on_transferred(Sequence sequence, bool is_refused) {
  if (!outbox_ || !outbox_->is_in_flight(sequence)) return;
  if (is_refused && is_at_least_once(*context_.info.effective)) {
    outbox_->retry_at(sequence, context_.host.now() + limits::leaving_retry);
    return context_.timer.wake_at(next_deadline());
  }
  take_forwarded(sequence);
  resume();
}

void Forwarding::take_forwarded(Sequence sequence) {
  CHECK(outbox_ != nullptr);
  (void)context_.messages.take(sequence);
  outbox_->forget(sequence);
}

// --- Contents that come from disk, or do not

void Forwarding::on_resident(Sequence sequence) {
  serve_replays();
  if (!outbox_ || !outbox_->is_in_flight(sequence)) return;
  forward(sequence, outbox_->reason(sequence));
  resume();
}

std::optional<DeathReason> Forwarding::on_unreadable(Sequence sequence) {
  serve_replays();
  if (!outbox_ || !outbox_->is_in_flight(sequence)) return std::nullopt;
  const DeathReason reason = outbox_->reason(sequence);
  outbox_->forget(sequence);
  resume();
  return reason;
}

void Forwarding::retry(Sequence sequence, DeathReason reason) {
  CHECK(context_.messages.backlog().state(sequence) == Slot::State::retained);
  if (!outbox_) outbox_ = std::make_unique<DeadLetterOutbox>();
  outbox_->add(sequence, reason);
  resume();
}

// --- The history of an exchange

/// What is on disk only after a restart is fetched before.
void Forwarding::replay(const BindingSpec& binding) {
  CHECK(context_.info.store_use == StoreUse::history);
  if (!replays_) replays_ = std::make_unique<std::vector<BindingSpec>>();
  replays_->push_back(binding);
  context_.messages.backlog().for_each([this](Sequence sequence, const Slot& slot) {
    if (slot.is_evicted()) residency_.request_fetch(sequence);
  });
  serve_replays();
}

/// Oldest first, without those that cannot be read. The way may lead back to this exchange, and
/// what it holds change.
void Forwarding::serve_replays() {
  PriorityBacklog& backlog = context_.messages.backlog();
  if (!replays_ || backlog.counts().evicted > backlog.tally->unreadable.count()) return;
  std::vector<MessageRef> history;
  backlog.for_each([&](Sequence, const Slot& slot) {
    if (!slot.is_evicted()) history.push_back(MessageRef::share(slot.message()));
  });
  const auto replays = std::exchange(replays_, nullptr);
  for (const BindingSpec& binding : *replays)
    for (const MessageRef& message : history) context_.host.forward_history(binding, *message);
}

}  // namespace lepus::core
