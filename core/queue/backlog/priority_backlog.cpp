// Each operation finds the level in the sequence, does it there and keeps the sums.
#include "core/queue/backlog/priority_backlog.h"

#include <algorithm>
#include <utility>

#include "core/limits.h"

namespace lepus::core {

Sequence PriorityBacklog::push(MessageRef message) {
  const std::uint8_t number = std::min(message->priority(), levels_.max());
  const Sequence inner = levels_.level(number).push(std::move(message));
  CHECK(inner <= inner_mask);
  ++ready_count_;
  levels_.note_ready(number, true);
  return PriorityLevels::prefix_of(number) | inner;
}

Backlog::Ready PriorityBacklog::peek() {
  CHECK(ready_count_ > 0);
  const std::uint8_t number = levels_.highest_ready();
  Backlog::Ready ready = levels_.level(number).peek();
  ready.sequence |= PriorityLevels::prefix_of(number);
  return ready;
}

void PriorityBacklog::deliver(Sequence sequence) {
  Backlog& backlog = level_of(sequence);
  backlog.deliver(sequence & inner_mask);
  --ready_count_;
  ++unacked_count_;
  if (backlog.counts().ready == 0) levels_.note_ready(PriorityLevels::number_of(sequence), false);
}

Backlog::Taken PriorityBacklog::take(Sequence sequence) {
  Backlog& backlog = level_of(sequence);
  switch (backlog.state(sequence & inner_mask)) {
    case Backlog::State::ready:
      --ready_count_;
      break;
    case Backlog::State::unacked:
      --unacked_count_;
      break;
    case Backlog::State::retained:
    case Backlog::State::gone:
      break;
  }
  Backlog::Taken taken = backlog.take(sequence & inner_mask);
  if (backlog.counts().ready == 0) levels_.note_ready(PriorityLevels::number_of(sequence), false);
  return taken;
}

void PriorityBacklog::retain(Sequence sequence) {
  Backlog& backlog = level_of(sequence);
  --(backlog.state(sequence & inner_mask) == Backlog::State::ready ? ready_count_ : unacked_count_);
  backlog.retain(sequence & inner_mask);
  if (backlog.counts().ready == 0) levels_.note_ready(PriorityLevels::number_of(sequence), false);
}

void PriorityBacklog::requeue(Sequence sequence) {
  Backlog& backlog = level_of(sequence);
  if (backlog.state(sequence & inner_mask) == Backlog::State::unacked) --unacked_count_;
  backlog.requeue(sequence & inner_mask);
  ++ready_count_;
  levels_.note_ready(PriorityLevels::number_of(sequence), true);
}

void PriorityBacklog::restore(Sequence sequence, const RecordLocation& place,
                              std::uint32_t body_size, bool redelivered) {
  const auto number = PriorityLevels::number_of(sequence);
  CHECK(number <= levels_.max());
  Backlog& backlog = levels_.level(number);
  const Sequence end_before = backlog.positions().end;
  backlog.restore(sequence & inner_mask, place, body_size, redelivered);
  tally->positions_before += backlog.positions().end - end_before;
  ++ready_count_;
  levels_.note_ready(number, true);
}

void PriorityBacklog::continue_at(Sequence next) {
  const auto number = PriorityLevels::number_of(next);
  CHECK(number <= levels_.max());
  Backlog& backlog = levels_.level(number);
  const Sequence end_before = backlog.positions().end;
  backlog.continue_at(next & inner_mask);
  if (backlog.positions().end > end_before)
    tally->positions_before += backlog.positions().end - end_before;
}

Sequence PriorityBacklog::advance_watermark(Sequence sequence) {
  Backlog& backlog = level_of(sequence);
  if ((sequence & inner_mask) < backlog.delivered_below()) return 0;
  backlog.set_delivered_below((sequence & inner_mask) + limits::delivery_watermark_ahead);
  return (sequence & ~inner_mask) | backlog.delivered_below();
}

Backlog::State PriorityBacklog::state(Sequence sequence) const {
  const Backlog* backlog = levels_.find(PriorityLevels::number_of(sequence));
  return backlog == nullptr ? Backlog::State::gone : backlog->state(sequence & inner_mask);
}

Slot PriorityBacklog::slot_at(Sequence sequence) const {
  const Backlog* backlog = levels_.find(PriorityLevels::number_of(sequence));
  return backlog == nullptr ? Slot{} : backlog->slot_at(sequence & inner_mask);
}

void PriorityBacklog::restart_under_pressure() {
  levels_.for_each(
      [](std::size_t, Backlog& backlog) { backlog.paging().restart_under_pressure(); });
}

std::optional<Sequence> PriorityBacklog::first_ready_below(Sequence end, Ready which) {
  if ((end & inner_mask) == 0) return std::nullopt;
  Backlog& backlog = level_of(end);
  if (backlog.counts().ready == 0) return std::nullopt;
  std::optional<Sequence> first = backlog.first_undelivered();
  if (which == Ready::came_back) {
    const Sequence next = backlog.peek().sequence;
    first = first == next ? std::nullopt : std::optional{next};
  }
  if (!first || *first >= (end & inner_mask)) return std::nullopt;
  return (end & ~inner_mask) | *first;
}

BacklogCounts PriorityBacklog::counts() const {
  BacklogCounts sum;
  levels_.for_each([&](std::size_t, const Backlog& backlog) { sum += backlog.counts(); });
  return sum;
}

std::uint64_t PriorityBacklog::resident_count() const {
  std::uint64_t count = 0;
  levels_.for_each(
      [&](std::size_t, const Backlog& backlog) { count += backlog.counts().resident(); });
  return count;
}

}  // namespace lepus::core
