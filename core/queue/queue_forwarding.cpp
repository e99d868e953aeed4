// What a queue gives up and somebody else is to have: it goes in one step where both are in the
// same batch of the journal, else it stays here until it is there.
#include <utility>

#include "core/limits.h"
#include "core/queue/queue.h"

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

DeadLetterOutbox& Queue::dead_letters() {
  if (!dead_letters_) dead_letters_ = std::make_unique<DeadLetterOutbox>();
  return *dead_letters_;
}

/// Where dead letters go, or from a store on when the time has come.
bool Queue::is_forwarded(DeathReason reason) const {
  if (info_->store_use == StoreUse::none) return info_->effective->dead_letter_exchange.has_value();
  return info_->store_use != StoreUse::history && reason == DeathReason::expired;
}

/// A message that the queue drops, or sends on when it is not at work any more.
void Queue::discard(Sequence sequence, DeathReason reason) {
  if (!is_forwarded(reason)) return (void)take(sequence);
  retain_until_forwarded(sequence);
  dead_letters().add(sequence, reason);
  resume_forwarding();
}

void Queue::retain_until_forwarded(Sequence sequence) {
  if (messages().state(sequence) != Backlog::State::retained) messages().retain(sequence);
}

void Queue::resume_forwarding() {
  CHECK(dead_letters_ != nullptr);
  if (dead_letters_->can_forward(host_.now()) && !std::exchange(is_forwarding_, true))
    host_.add_forwarding(info_->id);
}

/// In the order in which they were given up. A content that is on disk only is asked for.
bool Queue::forward_pending(std::size_t& budget) {
  if (!dead_letters_) return false;
  is_forwarding_ = false;
  for (; budget > 0 && dead_letters_->can_forward(host_.now()); --budget) {
    const DeadLetterOutbox::Given next = dead_letters_->take_next();
    if (messages().state(next.sequence) != Backlog::State::retained) continue;
    if (messages().find(next.sequence) != nullptr) {
      forward(next.sequence, next.reason);
    } else {
      dead_letters_->note_in_flight(next);
      residency_.request_fetch(next.sequence);
    }
  }
  register_deadline();
  // It may be in the list again: dead letters can lead back here.
  return dead_letters_->can_forward(host_.now()) && !std::exchange(is_forwarding_, true);
}

/// Its content is here.
void Queue::forward(Sequence sequence, DeathReason reason) {
  const Message& message = *messages().find(sequence);
  if (!is_forwarded(reason)) return (void)take(sequence);
  const Forward forward = host_.make_forward(*info_, message, reason);
  const bool waits = is_at_least_once(*info_->effective) ||
                     (records(message) && leads_elsewhere(forward.route, host_.shard()));
  if (!waits) {
    (void)take(sequence);
    return host_.publish(forward);
  }
  if (!dead_letters_->is_in_flight(sequence)) dead_letters_->note_in_flight({sequence, reason});
  if (!host_.transfer({info_->id, sequence}, forward)) on_transferred(sequence, true);
}

void Queue::on_transferred(Sequence sequence, bool is_refused) {
  if (!dead_letters_ || !dead_letters_->is_in_flight(sequence)) return;
  if (is_refused && is_at_least_once(*info_->effective)) {
    dead_letters_->retry_at(sequence, host_.now() + limits::leaving_retry);
    return register_deadline();
  }
  (void)take(sequence);
  resume_forwarding();
}

}  // namespace lepus::core
