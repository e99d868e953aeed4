// Queue id -> levels -> list. Queue id 0 stands for "refused" and is never kept.
#include "persist/recovery/recovered_queues.h"

#include <algorithm>

namespace lepus::persist {

RecoveredQueues::Level& RecoveredQueues::find_level(Levels& levels, std::uint8_t number) {
  auto at = levels.begin();
  while (at != levels.end() && at->number < number) ++at;
  if (at == levels.end() || at->number != number) {
    at = levels.emplace(at);
    at->number = number;
  }
  CHECK(at->number == number);
  return *at;
}

void RecoveredQueues::add(std::uint64_t queue, const LiveRun& run) {
  if (queue == 0) return;
  CHECK(run.message.place.size > 0);
  CHECK(is_one_level(run.position, run.position + run.count - 1));
  Level& level = find_level(queues_[queue], level_of(run.position));
  LiveRun own = run;
  own.position &= position_mask;
  level.messages.add(own);
  level.next = std::max(level.next, above(own.position + own.count - 1));
}

void RecoveredQueues::give_out(const QueueRef& ref) {
  if (ref.queue == 0) return;
  Level& level = find_level(queues_[ref.queue], level_of(ref.sequence));
  level.next = std::max(level.next, above(ref.sequence & position_mask));
}

void RecoveredQueues::settle(const SequenceRange& range) {
  CHECK(range.first <= range.last);
  if (range.queue == 0) return;
  Levels& levels = queues_[range.queue];
  // Also when nothing is known of the level: the position was given out.
  find_level(levels, level_of(range.last));
  for (Level& level : levels)
    if (level.number >= level_of(range.first) && level.number <= level_of(range.last))
      settle_in(level, range);
}

void RecoveredQueues::settle_in(Level& level, const SequenceRange& range) {
  const bool begins_here = level.number == level_of(range.first);
  const bool ends_here = level.number == level_of(range.last);
  const std::uint64_t first = begins_here ? range.first & position_mask : 0;
  const std::uint64_t last = ends_here ? range.last & position_mask : position_mask;
  CHECK(first <= last);
  level.messages.settle(first, last);
  if (ends_here) level.next = std::max(level.next, above(last));
}

void RecoveredQueues::raise_watermark(const QueueRef& below) {
  if (below.queue == 0) return;
  Level& level = find_level(queues_[below.queue], level_of(below.sequence));
  level.delivered_below = std::max(level.delivered_below, below.sequence & position_mask);
  // Marks are set ahead of the deliveries. New messages must not come to lie below an old mark:
  // they would be flagged redelivered after the next restart.
  level.next = std::max(level.next, level.delivered_below);
}

void RecoveredQueues::drop_before(std::uint32_t segment) {
  for (auto& [queue, levels] : queues_)
    for (Level& level : levels) level.messages.drop_before(segment);
}

std::vector<std::uint64_t> RecoveredQueues::ids() const {
  std::vector<std::uint64_t> ids;
  ids.reserve(queues_.size());
  for (const auto& [queue, levels] : queues_) ids.push_back(queue);
  std::sort(ids.begin(), ids.end());
  return ids;
}

std::vector<RecoveredLevel> RecoveredQueues::levels(std::uint64_t queue) const {
  std::vector<RecoveredLevel> found;
  const auto position = queues_.find(queue);
  if (position == queues_.end()) return found;
  for (const Level& level : position->second) {
    const std::uint64_t prefix = std::uint64_t{level.number} << level_shift;
    found.push_back({prefix, prefix | level.next, prefix | level.delivered_below});
  }
  return found;
}

std::uint64_t RecoveredQueues::count(std::uint64_t queue) const {
  const auto found = queues_.find(queue);
  if (found == queues_.end()) return 0;
  std::uint64_t sum = 0;
  for (const Level& level : found->second) sum += level.messages.count();
  return sum;
}

std::uint64_t RecoveredQueues::count() const {
  std::uint64_t sum = 0;
  for (const auto& [queue, levels] : queues_)
    for (const Level& level : levels) sum += level.messages.count();
  return sum;
}

std::uint64_t RecoveredQueues::memory_bytes() const {
  std::uint64_t sum = queues_.bucket_count() * sizeof(std::pair<std::uint64_t, Levels>);
  for (const auto& [queue, levels] : queues_)
    for (const Level& level : levels) sum += sizeof level + level.messages.memory_bytes();
  return sum;
}

}  // namespace lepus::persist
