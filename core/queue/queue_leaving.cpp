// What a queue gives up and somebody else is to have: it goes in one step where both are in the
// same batch of the journal, else it stays here until it is there.
#include <utility>

#include "core/limits.h"
#include "core/queue/queue.h"

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

/// A message that the queue drops, or sends on when it is not at work any more.
void Queue::let_go(Sequence sequence, DeathReason reason) {
  if (!sends_on(reason)) return (void)take(sequence);
  stay_until_gone(sequence);
  leaving().add(sequence, reason);
  continue_line();
}

void Queue::stay_until_gone(Sequence sequence) {
  if (messages().state(sequence) != Backlog::State::leaving) messages().leave(sequence);
}

void Queue::continue_line() {
  CHECK(leaving_ != nullptr);
  if (leaving_->may_send(host_.now()) && !std::exchange(is_sending_, true))
    host_.add_forwarding(info_->id);
}

/// In the order in which they were given up. A content that is on disk only is asked for.
bool Queue::send_given_up(std::size_t& budget) {
  if (!leaving_) return false;
  is_sending_ = false;
  for (; budget > 0 && leaving_->may_send(host_.now()); --budget) {
    const Leaving::Given next = leaving_->take_next();
    if (messages().state(next.sequence) != Backlog::State::leaving) continue;
    if (messages().find(next.sequence) != nullptr) {
      send_away(next.sequence, next.reason);
    } else {
      leaving_->note_under_way(next);
      residency_.request_fetch(next.sequence);
    }
  }
  register_deadline();
  // It may be in the list again: dead letters can lead back here.
  return leaving_->may_send(host_.now()) && !std::exchange(is_sending_, true);
}

/// Its content is here.
void Queue::send_away(Sequence sequence, DeathReason reason) {
  const Message& message = *messages().find(sequence);
  if (!sends_on(reason)) return (void)take(sequence);
  const Forward forward = host_.make_forward(*info_, message, reason);
  const bool waits = insists(info_->effective) ||
                     (records(message) && leads_elsewhere(forward.route, host_.shard()));
  if (!waits) {
    (void)take(sequence);
    return host_.publish(forward);
  }
  if (!leaving_->is_under_way(sequence)) leaving_->note_under_way({sequence, reason});
  if (!host_.transfer({info_->id, sequence}, forward)) on_transferred(sequence, true);
}

void Queue::on_transferred(Sequence sequence, bool is_refused) {
  if (!leaving_ || !leaving_->is_under_way(sequence)) return;
  if (is_refused && insists(info_->effective)) {
    leaving_->put_back(sequence, host_.now() + limits::leaving_retry);
    return register_deadline();
  }
  (void)take(sequence);
  continue_line();
}

}  // namespace lepus::core
