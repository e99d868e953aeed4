// Limits, expiry, returns.
#include "core/queue/classic/queue_state.h"

#include <algorithm>
#include <utility>

#include "core/base/assert.h"
#include "core/queue/classic/classic_kind.h"

namespace lepus::core {

namespace {

std::optional<Nanos> message_ttl(const QueueArguments& rules) {
  if (!rules.message_ttl_ms) return std::nullopt;
  return static_cast<Nanos>(*rules.message_ttl_ms) * nanos_per_ms;
}

bool is_delayed(DelayedRetry which, Outcome outcome) {
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

Expiry& made(std::unique_ptr<Expiry>& expiry) {
  if (!expiry) expiry = std::make_unique<Expiry>();
  return *expiry;
}

bool is_parked(const PriorityBacklog& messages, Sequence sequence) {
  const QueueTally* tally = messages.tally.find();
  return messages.state(sequence) == Slot::State::retained && tally != nullptr &&
         tally->unreadable.contains(sequence);
}

}  // namespace

QueueState::QueueState(const QueueInfo& info)
    : info_(info), messages_(info.parsed->max_priority.value_or(0)) {}

void QueueState::load_limits(Nanos now) {
  const QueueArguments& rules = *info_.effective;
  has_limits_ = rules.message_ttl_ms || rules.max_length || rules.max_length_bytes;
  const std::optional<Nanos> ttl = message_ttl(rules);
  const bool had_ttl = expiry_ && expiry_->has_ttl();
  if (!ttl && !had_ttl) return;
  made(expiry_).set_ttl(ttl);
  if (!had_ttl)
    messages_.for_each([&](Sequence sequence, const Slot&) { expiry_->arrived(now, sequence); });
}

bool QueueState::exceeds(std::uint64_t count, std::uint64_t bytes) const {
  const QueueArguments& rules = *info_.effective;
  if (rules.max_length && messages_.ready_count() + count > *rules.max_length) return true;
  return rules.max_length_bytes &&
         messages_.counts().ready_body_bytes + bytes > *rules.max_length_bytes;
}

Sequence QueueState::push(MessageRef message, Nanos now) {
  const std::uint64_t ttl_ms = message->ttl_ms();
  const Sequence sequence = messages_.push(std::move(message));
  if (ttl_ms != Message::no_ttl)
    made(expiry_).add(now + static_cast<Nanos>(ttl_ms) * nanos_per_ms, sequence);
  if (expiry_ && expiry_->has_ttl()) expiry_->arrived(now, sequence);
  return sequence;
}

/// Times from before the restart are of the wall clock, which may have been set since.
void QueueState::restore(const RestoredRun& run, Nanos now, Nanos wall_clock_offset) {
  const bool has_own = run.deadline != never;
  const bool has_ttl = expiry_ && expiry_->has_ttl();
  Nanos arrived = now;
  if (run.enqueued_ms != 0)
    arrived =
        std::min(arrived, static_cast<Nanos>(run.enqueued_ms) * nanos_per_ms - wall_clock_offset);
  RecordLocation place = run.place;
  for (Sequence sequence = run.first; sequence < run.first + run.count; ++sequence) {
    if (has_own) made(expiry_).add(run.deadline, sequence);
    if (has_ttl) expiry_->arrived(arrived, sequence);
    messages_.restore(sequence, place, run.body_size, run.redelivered);
    place.offset += place.size;
  }
}

void QueueState::end_restore() {
  if (expiry_) expiry_->sort_arrivals();
}

// --- What comes back

QueueState::Returned QueueState::on_returned(Sequence sequence, Outcome outcome, Nanos now) {
  CHECK(messages_.state(sequence) == Slot::State::unacked);
  if (expiry_ && expiry_->take_overdue(sequence)) return Returned::expired;
  if (count_return(sequence, outcome)) return Returned::too_often;
  const Nanos delay = retry_delay(sequence, outcome);
  if (delay == 0) {
    messages_.requeue(sequence);
    return Returned::requeued;
  }
  messages_.retain(sequence);
  retry_->delay(sequence, now + delay);
  return Returned::delayed;
}

bool QueueState::unpark(Sequence sequence) {
  CHECK(messages_.state(sequence) == Slot::State::retained);
  if (expiry_ && expiry_->take_overdue(sequence)) return false;
  messages_.requeue(sequence);
  return true;
}

/// What never reached a consumer is nobody's failure.
bool QueueState::count_return(Sequence sequence, Outcome outcome) {
  const QueueArguments& rules = *info_.effective;
  const bool counts = rules.delivery_limit || rules.delayed_retry != DelayedRetry::disabled ||
                      classic_kind(info_.parsed->queue_type).counts_returns;
  if (!counts || outcome == Outcome::undelivered) return false;
  if (!retry_) retry_ = std::make_unique<RetryState>();
  const std::uint32_t count = retry_->count_return(sequence);
  return rules.delivery_limit && count > *rules.delivery_limit;
}

/// Grows with each return; RabbitMQ's rule (quorum queues, delayed retry).
Nanos QueueState::retry_delay(Sequence sequence, Outcome outcome) const {
  const QueueArguments& rules = *info_.effective;
  if (!is_delayed(rules.delayed_retry, outcome)) return 0;
  CHECK(retry_ != nullptr);
  const std::uint64_t delay_ms = rules.delayed_retry_min_ms * retry_->count(sequence);
  return static_cast<Nanos>(std::min(delay_ms, rules.delayed_retry_max_ms)) * nanos_per_ms;
}

std::optional<QueueState::Released> QueueState::next_released(Nanos now) {
  Sequence sequence = 0;
  if (!retry_ || !retry_->take_due(now, sequence)) return std::nullopt;
  if (expiry_ && expiry_->take_overdue(sequence)) return Released{sequence, true};
  messages_.requeue(sequence);
  return Released{sequence, false};
}

// --- What time and limits ask for

std::optional<QueueState::Drop> QueueState::next_expired(Nanos now, std::size_t& budget) {
  Sequence sequence = 0;
  for (; expiry_ && budget > 0 && expiry_->take_due(now, sequence); --budget) {
    const Slot::State state = messages_.state(sequence);
    if (state == Slot::State::ready) {
      --budget;
      return Drop{sequence, DeathReason::expired};
    }
    // It expires when it comes back.
    if (state == Slot::State::unacked || is_parked(messages_, sequence) ||
        (retry_ && retry_->is_delayed(sequence)))
      expiry_->note_overdue(sequence);
  }
  return std::nullopt;
}

std::optional<QueueState::Drop> QueueState::next_excess() {
  if (messages_.ready_count() == 0 || !is_over_limit()) return std::nullopt;
  return Drop{messages_.peek().sequence, DeathReason::maxlen};
}

Nanos QueueState::next_deadline() const {
  const Nanos expires = expiry_ ? expiry_->next_deadline() : never;
  return retry_ ? std::min(expires, retry_->next_deadline()) : expires;
}

}  // namespace lepus::core
