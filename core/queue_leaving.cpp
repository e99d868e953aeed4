// What a queue gives up and somebody else is to have: it goes in one step where both are in the
// same batch of the journal, else it stays here until it is there.
#include <utility>

#include "core/broker.h"
#include "core/limits.h"
#include "core/queue.h"

namespace lepus::core {

namespace {

/// x-dead-letter-strategy=at-least-once: who refuses is asked again, and so is an exchange that
/// leads nowhere. As in RabbitMQ not together with drop-head, where nothing would bound the queue.
bool insists(const QueueArguments& rules) {
  return rules.dead_letter_at_least_once && rules.overflow != Overflow::drop_head;
}

bool leads_elsewhere(const RouteResult& route, ShardId here) {
  for (const QueueInfo* target : route)
    if (target->home != here && target->is_kept()) return true;
  return false;
}

}  // namespace

Leaving& Queue::leaving() {
  if (!leaving_) leaving_ = std::make_unique<Leaving>();
  return *leaving_;
}

/// Where dead letters go, or from a store on when the time has come.
bool Queue::sends_on(DeathReason reason) const {
  if (info_->store_use == StoreUse::none) return info_->effective.dead_letter_exchange.has_value();
  return info_->store_use != StoreUse::history && reason == DeathReason::expired;
}

/// A message that the queue drops, or sends on.
void Queue::let_go(Sequence sequence, DeathReason reason) {
  if (!sends_on(reason)) return (void)take(sequence);
  const bool has_to_wait = backlog_.find(sequence) == nullptr || (leaving_ && leaving_->has_line());
  if (!has_to_wait) return send_away(sequence, reason);
  stay_until_gone(sequence);
  leaving().add(sequence, reason);
  send_line();
}

void Queue::stay_until_gone(Sequence sequence) {
  if (backlog_.state(sequence) != Backlog::State::leaving) backlog_.leave(sequence);
}

/// Its content is here.
void Queue::send_away(Sequence sequence, DeathReason reason) {
  const Message& message = *backlog_.find(sequence);
  if (!sends_on(reason)) return (void)take(sequence);
  const Broker::Forward forward = broker_.make_forward(*info_, message, reason);
  const bool waits = insists(info_->effective) ||
                     (records(message) && leads_elsewhere(forward.route, broker_.shard()));
  if (!waits) {
    (void)take(sequence);
    return broker_.publish(forward);
  }
  stay_until_gone(sequence);
  if (!leaving().contains(sequence)) leaving().add_sent(sequence, reason);
  if (!broker_.transfer({info_->id, sequence}, forward)) on_transferred(sequence, true);
}

void Queue::on_transferred(Sequence sequence, bool is_refused) {
  if (!leaving_ || !leaving_->contains(sequence)) return;
  if (is_refused && insists(info_->effective)) {
    leaving_->put_back(sequence, broker_.now() + limits::leaving_retry);
    return register_deadline();
  }
  (void)take(sequence);
  send_line();
}

/// As many as may be on their way. A content that is on disk only is asked for.
void Queue::send_line() {
  Sequence sequence = 0;
  while (leaving_ && leaving_->take_next(broker_.now(), sequence)) {
    if (backlog_.find(sequence) == nullptr) {
      ask(sequence);
    } else {
      send_away(sequence, leaving_->reason(sequence));
    }
  }
  if (leaving_) register_deadline();
}

}  // namespace lepus::core
