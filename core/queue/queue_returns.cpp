// What becomes of messages that come back from a consumer: to their place in the queue at once,
// after a rest, to the same consumer, or nowhere when they came back too often.
#include <algorithm>
#include <memory>
#include <utility>

#include "core/queue/queue.h"

namespace lepus::core {

namespace {

bool rests(DelayedRetry which, Outcome outcome) {
  switch (which) {
    case DelayedRetry::disabled:
      return false;
    case DelayedRetry::all:
      return outcome == Outcome::requeued || outcome == Outcome::returned;
    case DelayedRetry::failed:
      return outcome == Outcome::requeued;
    case DelayedRetry::returned:
      return outcome == Outcome::returned;
  }
  return false;
}

}  // namespace

/// It may have expired meanwhile.
void Queue::return_to_backlog(Sequence sequence, Outcome outcome) {
  if (expiry_ && expiry_->take_overdue(sequence)) return let_go(sequence, DeathReason::expired);
  if (is_returned_too_often(sequence, outcome))
    return let_go(sequence, DeathReason::delivery_limit);
  const Nanos delay = retry_delay(sequence, outcome);
  if (delay == 0) return requeue(sequence);
  backlog_.leave(sequence);
  returns_->rest(sequence, host_.now() + delay);
  register_deadline();
}

/// Counts it. What never reached a consumer is nobody's failure.
bool Queue::is_returned_too_often(Sequence sequence, Outcome outcome) {
  const QueueArguments& rules = info_->effective;
  const bool counts = rules.delivery_limit || rules.delayed_retry != DelayedRetry::disabled ||
                      rules.queue_type == QueueType::quorum;
  if (!counts || outcome == Outcome::unseen) return false;
  if (!returns_) returns_ = std::make_unique<Returns>();
  const std::uint32_t count = returns_->count_return(sequence);
  return rules.delivery_limit && count > *rules.delivery_limit;
}

/// Grows with each return; RabbitMQ's rule (quorum queues, delayed retry).
Nanos Queue::retry_delay(Sequence sequence, Outcome outcome) const {
  const QueueArguments& rules = info_->effective;
  if (!rests(rules.delayed_retry, outcome)) return 0;
  const std::uint64_t wish_ms = rules.delayed_retry_min_ms * returns_->count(sequence);
  return static_cast<Nanos>(std::min(wish_ms, rules.delayed_retry_max_ms)) * nanos_per_ms;
}

void Queue::requeue(Sequence sequence) {
  backlog_.requeue(sequence);
  if (info_->effective.overflow == Overflow::drop_head && is_full_for(nullptr)) drop_excess();
}

/// Their rest is over, or their time to live is.
void Queue::end_rests(Nanos now) {
  Sequence sequence = 0;
  while (returns_->take_rested(now, sequence)) {
    if (expiry_ && expiry_->take_overdue(sequence)) {
      let_go(sequence, DeathReason::expired);
    } else {
      requeue(sequence);
    }
    host_.schedule(*this);
  }
}

// --- Again to the same consumer

/// Counts as a return: the limit is looked at here, for a dead letter may lead back into this
/// queue. A stream's consumer reads on, as after any settlement.
void Queue::redeliver(const Redeliver& wish, Consumer& consumer) {
  CHECK(wish.first <= wish.last);
  std::uint32_t unused_credit = 0;
  if (stream_) {
    settle({wish.queue, wish.first, wish.last, wish.consumer, Outcome::returned}, &consumer);
    unused_credit = static_cast<std::uint32_t>(wish.last - wish.first + 1);
  }
  for (Sequence sequence = wish.first; !stream_ && sequence <= wish.last; ++sequence) {
    const Slot slot = backlog_.slot_at(sequence);
    const bool is_there = slot.state() == Slot::State::unacked;
    if (is_there && !is_returned_too_often(sequence, Outcome::returned)) {
      redeliveries_.add(consumer, {sequence, wish.used_credit});
      continue;
    }
    ++unused_credit;
    if (!is_there) continue;
    consumer.drop_unacked(1, slot.body_size());
    if (expiry_) expiry_->forget_overdue(sequence);
    let_go(sequence, DeathReason::delivery_limit);
  }
  if (wish.used_credit) SharedCredit::give_back(host_, consumer, unused_credit);
  consumer_changed(consumer);
  host_.schedule(*this);
}

/// What is on disk only is asked for.
Redeliveries::Unacked Queue::find_unacked(Sequence sequence) {
  using Where = Redeliveries::Unacked::Where;
  const Slot slot = backlog_.slot_at(sequence);
  if (slot.state() != Slot::State::unacked) return {Where::gone, nullptr, 0};
  if (slot.is_cold()) {
    residency_.request_fetch(sequence);
    return {Where::on_disk, nullptr, 0};
  }
  return {Where::in_memory, slot.message(), returns_ ? returns_->count(sequence) : 0};
}

/// The consumer leaves: what it was to get again goes back to the queue.
void Queue::abandon_redeliveries(Consumer& consumer) {
  std::uint32_t credit = 0;
  for (const Redelivery& one : redeliveries_.take_all(consumer)) {
    settle({info_->id, one.sequence, one.sequence, {}, Outcome::returned}, nullptr);
    credit += one.used_credit ? 1 : 0;
  }
  SharedCredit::give_back(host_, consumer, credit);
}

}  // namespace lepus::core
