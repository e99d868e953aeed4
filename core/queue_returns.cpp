// What becomes of messages that come back from a consumer: to their place in the queue at once,
// after a rest, or nowhere when they came back too often.
#include <algorithm>

#include "core/broker.h"
#include "core/queue.h"

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
  returns_->rest(sequence, broker_.now() + delay);
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
    broker_.mark(*this);
  }
}

}  // namespace lepus::core
