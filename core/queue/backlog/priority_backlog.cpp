// Each operation finds the level in the sequence, does it there and keeps the sums.
#include "core/queue/backlog/priority_backlog.h"

#include <algorithm>
#include <utility>

#include "core/limits.h"

namespace lepus::core {

Backlog& PriorityBacklog::level(std::uint8_t number) {
  if (number == 0) return lowest_;
  if (higher_.empty()) higher_.resize(level_max_);
  std::unique_ptr<Backlog>& found = higher_[number - 1U];
  if (!found) found = std::make_unique<Backlog>();
  return *found;
}

const Backlog* PriorityBacklog::find_level(std::uint8_t number) const {
  if (number == 0) return &lowest_;
  return number <= higher_.size() ? higher_[number - 1U].get() : nullptr;
}

Backlog& PriorityBacklog::level_of(Sequence sequence) {
  return level(static_cast<std::uint8_t>(sequence >> level_shift));
}

void PriorityBacklog::note_ready(std::uint8_t number, bool ready) {
  const std::uint64_t bit = std::uint64_t{1} << (number % 64);
  std::uint64_t& word = ready_levels_[number / 64];
  word = ready ? word | bit : word & ~bit;
}

std::uint8_t PriorityBacklog::highest_ready() const {
  if (level_max_ == 0) return 0;
  for (std::size_t i = ready_levels_.size(); i > 0; --i) {
    const std::uint64_t word = ready_levels_[i - 1];
    if (word != 0)
      return static_cast<std::uint8_t>((i - 1) * 64 + 63 -
                                       static_cast<std::size_t>(std::countl_zero(word)));
  }
  return 0;
}

Sequence PriorityBacklog::push(MessageRef message) {
  const std::uint8_t number = std::min(message->priority(), level_max_);
  const Sequence inner = level(number).push(std::move(message));
  CHECK(inner <= inner_mask);
  ++ready_count_;
  if (level_max_ > 0) note_ready(number, true);
  return Sequence{number} << level_shift | inner;
}

Backlog::Ready PriorityBacklog::peek() {
  CHECK(ready_count_ > 0);
  const std::uint8_t number = highest_ready();
  Backlog::Ready ready = level(number).peek();
  ready.sequence |= Sequence{number} << level_shift;
  return ready;
}

void PriorityBacklog::deliver(Sequence sequence) {
  Backlog& backlog = level_of(sequence);
  backlog.deliver(sequence & inner_mask);
  --ready_count_;
  ++unacked_count_;
  if (backlog.ready_count() == 0)
    note_ready(static_cast<std::uint8_t>(sequence >> level_shift), false);
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
  if (backlog.ready_count() == 0)
    note_ready(static_cast<std::uint8_t>(sequence >> level_shift), false);
  return taken;
}

void PriorityBacklog::retain(Sequence sequence) {
  Backlog& backlog = level_of(sequence);
  --(backlog.state(sequence & inner_mask) == Backlog::State::ready ? ready_count_ : unacked_count_);
  backlog.retain(sequence & inner_mask);
  if (backlog.ready_count() == 0)
    note_ready(static_cast<std::uint8_t>(sequence >> level_shift), false);
}

void PriorityBacklog::requeue(Sequence sequence) {
  Backlog& backlog = level_of(sequence);
  if (backlog.state(sequence & inner_mask) == Backlog::State::unacked) --unacked_count_;
  backlog.requeue(sequence & inner_mask);
  ++ready_count_;
  if (level_max_ > 0) note_ready(static_cast<std::uint8_t>(sequence >> level_shift), true);
}

void PriorityBacklog::restore(Sequence sequence, const RecordLocation& place,
                              std::uint32_t body_size, bool redelivered) {
  const auto number = static_cast<std::uint8_t>(sequence >> level_shift);
  CHECK(number <= level_max_);
  level(number).restore(sequence & inner_mask, place, body_size, redelivered);
  ++ready_count_;
  if (level_max_ > 0) note_ready(number, true);
}

void PriorityBacklog::continue_at(Sequence next) {
  const auto number = static_cast<std::uint8_t>(next >> level_shift);
  CHECK(number <= level_max_);
  level(number).continue_at(next & inner_mask);
}

Sequence PriorityBacklog::advance_watermark(Sequence sequence) {
  Backlog& backlog = level_of(sequence);
  if ((sequence & inner_mask) < backlog.delivered_below()) return 0;
  backlog.set_delivered_below((sequence & inner_mask) + limits::delivery_watermark_ahead);
  return (sequence & ~inner_mask) | backlog.delivered_below();
}

Backlog::State PriorityBacklog::state(Sequence sequence) const {
  const Backlog* backlog = find_level(static_cast<std::uint8_t>(sequence >> level_shift));
  return backlog == nullptr ? Backlog::State::gone : backlog->state(sequence & inner_mask);
}

Slot PriorityBacklog::slot_at(Sequence sequence) const {
  const Backlog* backlog = find_level(static_cast<std::uint8_t>(sequence >> level_shift));
  return backlog == nullptr ? Slot{} : backlog->slot_at(sequence & inner_mask);
}

void PriorityBacklog::restart_under_pressure() {
  for_each_level(*this, [](std::size_t, Backlog& backlog) { backlog.restart_under_pressure(); });
}

std::optional<Sequence> PriorityBacklog::first_ready_below(Sequence end) {
  if ((end & inner_mask) == 0) return std::nullopt;
  Backlog& backlog = level_of(end);
  if (backlog.ready_count() == 0) return std::nullopt;
  const Sequence first = (end & ~inner_mask) | backlog.peek().sequence;
  return first < end ? std::optional{first} : std::nullopt;
}

std::uint64_t PriorityBacklog::resident_count() const {
  std::uint64_t count = 0;
  for_each_level(*this,
                 [&](std::size_t, const Backlog& backlog) { count += backlog.resident_count(); });
  return count;
}

std::uint64_t PriorityBacklog::evicted_count() const {
  std::uint64_t count = 0;
  for_each_level(*this,
                 [&](std::size_t, const Backlog& backlog) { count += backlog.evicted_count(); });
  return count;
}

std::uint64_t PriorityBacklog::bytes() const {
  std::uint64_t bytes = 0;
  for_each_level(*this, [&](std::size_t, const Backlog& backlog) { bytes += backlog.bytes(); });
  return bytes;
}

std::uint64_t PriorityBacklog::ready_body_bytes() const {
  std::uint64_t bytes = 0;
  for_each_level(*this,
                 [&](std::size_t, const Backlog& backlog) { bytes += backlog.ready_body_bytes(); });
  return bytes;
}

}  // namespace lepus::core
