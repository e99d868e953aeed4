// Offsets, times, limits.
#include "core/stream/stream_log.h"

#include <algorithm>
#include <utility>

#include "core/limits.h"

namespace lepus::core {

std::uint64_t StreamLog::wall_clock_ms() const {
  return static_cast<std::uint64_t>(host_.turn().stamp / nanos_per_ms);
}

Sequence StreamLog::first() {
  return backlog_.ready_count() > 0 ? backlog_.peek().sequence : end();
}

Sequence StreamLog::start_of(const StreamStart& start) {
  using Kind = StreamStart::Kind;
  switch (start.kind) {
    case Kind::first:
      return first();
    case Kind::last:
      return std::max(first(), end() > 0 ? end() - 1 : 0);
    case Kind::next:
      return end();
    case Kind::offset:
      return std::max(start.value, first());  // Also one that is still to come.
    case Kind::time:
      return std::max(first(), times_.older_than(start.value, end()));
    case Kind::age: {
      const std::uint64_t now_ms = wall_clock_ms();
      const std::uint64_t since_ms = now_ms - std::min(now_ms, start.value);
      return std::max(first(), times_.older_than(since_ms, end()));
    }
  }
  CHECK(false);
  return 0;
}

Sequence StreamLog::next_message(Sequence from, std::size_t skips_max) {
  Sequence offset = std::max(from, first());
  for (std::size_t left = skips_max; left > 0 && offset < end(); --left, ++offset)
    if (backlog_.slot_at(offset).state() == Slot::State::ready) break;
  return std::min(offset, end());
}

Sequence StreamLog::push(MessageRef message) {
  if (records_.rule().is_durable) records_.note_pushed(*message);
  const Sequence offset = backlog_.push(std::move(message));
  times_.add(offset, wall_clock_ms());
  drop_excess();
  return offset;
}

void StreamLog::restore(const RestoredRun& run) {
  CHECK(run.count > 0);
  records_.note_restored(run);
  times_.add(run.first, run.enqueued_ms);
  RecordLocation place = run.place;
  for (Sequence offset = run.first; offset < run.first + run.count; ++offset) {
    backlog_.restore(offset, place, run.body_size, run.redelivered);
    place.offset += place.size;
  }
}

// --- Records that cannot be read

void StreamLog::park(Sequence offset) {
  CHECK(backlog_.state(offset) == Slot::State::ready);
  backlog_.retain(offset);
  backlog_.tally->unreadable.add({offset});
}

std::size_t StreamLog::resolve_unreadable(const UnreadableOrder& order, std::size_t count) {
  QueueTally& tally = *backlog_.tally;
  const std::vector<UnreadableMessages::Entry> taken = tally.unreadable.take(order, count);
  for (const UnreadableMessages::Entry& entry : taken) {
    if (backlog_.state(entry.sequence) != Slot::State::retained) continue;
    if (order.drops) {
      ++tally.lost;
      (void)records_.take(entry.sequence);
    } else {
      backlog_.requeue(entry.sequence);
    }
  }
  return taken.size();
}

/// A limit would have dropped them by now. A piece.
void StreamLog::drop_parked_before(Sequence first) {
  QueueTally& tally = *backlog_.tally;
  const std::size_t count =
      std::min(tally.unreadable.count_below(first), limits::discards_per_turn_max);
  for (const UnreadableMessages::Entry& entry : tally.unreadable.take({}, count)) {
    if (backlog_.state(entry.sequence) != Slot::State::retained) continue;
    ++tally.removed.maxlen;
    (void)records_.take(entry.sequence);
  }
}

// --- Limits

bool StreamLog::is_over_limit() const {
  const auto& bytes_max = info_.effective->max_length_bytes;
  return bytes_max && backlog_.counts().ready_body_bytes > *bytes_max && backlog_.ready_count() > 1;
}

void StreamLog::drop_excess() {
  Sequence too_old = 0;
  if (const auto& max_age_ms = info_.effective->max_age_ms) {
    const std::uint64_t now_ms = wall_clock_ms();
    too_old = times_.older_than(now_ms - std::min(now_ms, *max_age_ms), end());
  }
  std::size_t dropped = 0;
  RemovalCounts* removed = nullptr;
  for (; backlog_.ready_count() > 0 && dropped < limits::discards_per_turn_max; ++dropped) {
    const Sequence oldest = first();
    if (oldest >= too_old && !is_over_limit()) break;
    if (removed == nullptr) removed = &backlog_.tally->removed;
    count_one(*removed, oldest < too_old ? DeathReason::expired : DeathReason::maxlen);
    (void)records_.take(oldest);
  }
  if (dropped == 0) return;
  times_.drop_before(first());
  drop_parked_before(first());
}

Nanos StreamLog::next_deadline() const {
  if (backlog_.ready_count() == 0) return never;
  if (is_over_limit()) return host_.now();
  const auto& max_age_ms = info_.effective->max_age_ms;
  if (!max_age_ms) return never;
  const auto at = static_cast<Nanos>(times_.oldest_ms() + *max_age_ms) * nanos_per_ms;
  return host_.now() + std::max<Nanos>(at - host_.turn().stamp, 0);
}

}  // namespace lepus::core
