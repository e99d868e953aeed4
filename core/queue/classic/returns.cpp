// Places, delays, lines.
#include "core/queue/classic/returns.h"

#include "core/limits.h"

namespace lepus::core {

void Returns::on_returned(Sequence sequence, Outcome outcome) {
  QueueState& state = context_.messages.state();
  switch (state.on_returned(sequence, outcome, context_.host.now())) {
    case QueueState::Returned::requeued:
      return parts_.limits.drop_excess_head();
    case QueueState::Returned::delayed:
      return context_.timer.wake_at(state.next_deadline());
    case QueueState::Returned::expired:
      return parts_.forwarding.discard(sequence, DeathReason::expired);
    case QueueState::Returned::too_often:
      return parts_.forwarding.discard(sequence, DeathReason::delivery_limit);
  }
}

void Returns::release_due(Nanos now) {
  for (std::size_t left = limits::releases_per_turn_max; left > 0; --left) {
    const auto released = context_.messages.state().next_released(now);
    if (!released) return;
    if (released->is_expired) {
      parts_.forwarding.discard(released->sequence, DeathReason::expired);
    } else {
      parts_.limits.drop_excess_head();
    }
    context_.host.schedule(context_.queue);
  }
}

/// The limit is looked at here, for a dead letter may lead back into this queue.
void Returns::redeliver(const Redeliver& request, Consumer& consumer) {
  CHECK(request.first <= request.last);
  QueueState& state = context_.messages.state();
  std::uint32_t unused_credit = 0;
  for (Sequence sequence = request.first; sequence <= request.last; ++sequence) {
    const Slot slot = state.messages().slot_at(sequence);
    const bool is_there = slot.state() == Slot::State::unacked;
    if (is_there && !state.count_return(sequence, Outcome::returned)) {
      if (!redeliveries_)
        redeliveries_ = std::make_unique<Redeliveries>(context_.info.id, context_.host);
      redeliveries_->add(consumer, {sequence, request.used_credit});
      continue;
    }
    ++unused_credit;
    if (!is_there) continue;
    consumer.drop_unacked(1, slot.body_size());
    state.on_settled(sequence);
    parts_.forwarding.discard(sequence, DeathReason::delivery_limit);
  }
  if (request.used_credit) SharedCredit::give_back(context_.host, consumer, unused_credit);
}

/// What is on disk only is asked for.
Redeliveries::Unacked Returns::find_unacked(Sequence sequence) {
  using Where = Redeliveries::Unacked::Where;
  const QueueState& state = context_.messages.state();
  const Slot slot = state.messages().slot_at(sequence);
  if (slot.state() != Slot::State::unacked) return {Where::gone, nullptr, 0};
  if (slot.is_evicted()) {
    parts_.residency.request_fetch(sequence);
    return {Where::on_disk, nullptr, 0};
  }
  // It is sent now.
  MessageCounts& counts = context_.messages.backlog().tally->counts;
  ++counts[MessageEvent::deliver];
  ++counts[MessageEvent::redeliver];
  return {Where::in_memory, slot.message(), state.delivery_count(sequence)};
}

void Returns::abandon(Consumer& consumer) {
  if (!redeliveries_) return;
  std::uint32_t credit = 0;
  for (const Redelivery& redelivery : redeliveries_->take_all(consumer)) {
    const Sequence sequence = redelivery.sequence;
    context_.queue.settle({context_.info.id, sequence, sequence, {}, Outcome::returned}, nullptr);
    credit += redelivery.used_credit ? 1 : 0;
  }
  SharedCredit::give_back(context_.host, consumer, credit);
}

}  // namespace lepus::core
