// What becomes of messages that come back from a consumer: to their place in the queue at once,
// after a rest, to the same consumer, or nowhere when they came back too often.
#include <algorithm>
#include <memory>
#include <utility>

#include "core/limits.h"
#include "core/queue/queue.h"

namespace lepus::core {

/// Where it is to go by the rules of the queue.
void Queue::return_to_backlog(Sequence sequence, Outcome outcome) {
  switch (state_.on_returned(sequence, outcome, host_.now())) {
    case QueueState::Returned::requeued:
      return drop_excess_head();
    case QueueState::Returned::delayed:
      return register_deadline();
    case QueueState::Returned::expired:
      return discard(sequence, DeathReason::expired);
    case QueueState::Returned::too_often:
      return discard(sequence, DeathReason::delivery_limit);
  }
}

/// Their retry delay is over, or their time to live is.
void Queue::release_due(Nanos now) {
  for (std::size_t left = limits::releases_per_turn_max; left > 0; --left) {
    const auto released = state_.next_released(now);
    if (!released) return;
    if (released->is_expired) {
      discard(released->sequence, DeathReason::expired);
    } else {
      drop_excess_head();
    }
    host_.schedule(*this);
  }
}

// --- Again to the same consumer

/// Counts as a return: the limit is looked at here, for a dead letter may lead back into this
/// queue.
void Queue::redeliver(const Redeliver& request, Consumer& consumer) {
  CHECK(request.first <= request.last);
  std::uint32_t unused_credit = 0;
  for (Sequence sequence = request.first; sequence <= request.last; ++sequence) {
    const Slot slot = messages().slot_at(sequence);
    const bool is_there = slot.state() == Slot::State::unacked;
    if (is_there && !state_.count_return(sequence, Outcome::returned)) {
      redeliveries_.add(consumer, {sequence, request.used_credit});
      continue;
    }
    ++unused_credit;
    if (!is_there) continue;
    consumer.drop_unacked(1, slot.body_size());
    state_.on_settled(sequence);
    discard(sequence, DeathReason::delivery_limit);
  }
  if (request.used_credit) SharedCredit::give_back(host_, consumer, unused_credit);
  consumer_changed(consumer);
  host_.schedule(*this);
}

/// What is on disk only is asked for.
Redeliveries::Unacked Queue::find_unacked(Sequence sequence) {
  using Where = Redeliveries::Unacked::Where;
  const Slot slot = messages().slot_at(sequence);
  if (slot.state() != Slot::State::unacked) return {Where::gone, nullptr, 0};
  if (slot.is_evicted()) {
    residency_.request_fetch(sequence);
    return {Where::on_disk, nullptr, 0};
  }
  return {Where::in_memory, slot.message(), state_.delivery_count(sequence)};
}

/// The consumer leaves: what it was to get again goes back to the queue.
void Queue::abandon_redeliveries(Consumer& consumer) {
  std::uint32_t credit = 0;
  for (const Redelivery& redelivery : redeliveries_.take_all(consumer)) {
    settle({info_->id, redelivery.sequence, redelivery.sequence, {}, Outcome::returned}, nullptr);
    credit += redelivery.used_credit ? 1 : 0;
  }
  SharedCredit::give_back(host_, consumer, credit);
}

}  // namespace lepus::core
