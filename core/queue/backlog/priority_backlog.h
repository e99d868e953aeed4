// A queue's messages by priority: one backlog per level (core/queue/backlog/priority_levels.h), the
// highest level that has ready messages goes first. Without x-max-priority there is level 0 alone.
// Whoever settles a message need not know about levels, for its sequence says the level; messages
// of different levels are never neighbours in a range.
#pragma once

#include <algorithm>
#include <cstdint>
#include <memory>
#include <optional>
#include <utility>

#include "core/queue/backlog/backlog.h"
#include "core/queue/backlog/priority_levels.h"
#include "core/queue/queue_tally.h"

namespace lepus::core {

class PriorityBacklog {
 public:
  /// `level_max`: 0..255 (x-max-priority). Higher priorities count as level_max.
  explicit PriorityBacklog(std::uint8_t level_max) : levels_(level_max) {}

  Sequence push(MessageRef message);
  Backlog::Ready peek();
  void deliver(Sequence sequence);
  Backlog::Taken take(Sequence sequence);
  void retain(Sequence sequence);
  void requeue(Sequence sequence);
  /// After a restart; see Backlog.
  void restore(Sequence sequence, const RecordLocation& place, std::uint32_t body_size,
               bool redelivered);
  void continue_at(Sequence next);
  /// visit(sequence, Slot)
  template <class F>
  void for_each(F&& visit) const;

  // --- Evicted messages; see Backlog
  Slot slot_at(Sequence sequence) const;
  template <class F>
  std::uint32_t evict(Backlog::Eviction options, F&& record);
  void restart_under_pressure();
  bool make_evicted(Sequence sequence, const RecordLocation& place, bool is_spilled) {
    return level_of(sequence).paging().make_evicted(sequence & inner_mask, place, is_spilled);
  }
  template <class F>
  void request_ahead(std::uint32_t count, std::uint64_t bytes, F&& visit);
  bool request_fetch(Sequence sequence) {
    return level_of(sequence).paging().request_fetch(sequence & inner_mask);
  }
  void cancel_fetch(Sequence sequence) {
    level_of(sequence).paging().cancel_fetch(sequence & inner_mask);
  }
  void make_resident(Sequence sequence, MessageRef message) {
    level_of(sequence).paging().make_resident(sequence & inner_mask, std::move(message));
  }
  void move(Sequence sequence, const RecordLocation& place) {
    level_of(sequence).paging().move(sequence & inner_mask, place);
  }
  std::uint64_t resident_count() const;
  /// Deliveries below were announced before the restart.
  void restore_watermark(Sequence below) {
    level_of(below).set_delivered_below(below & inner_mask);
  }
  /// The message at `sequence` is about to be delivered. Returns up to where deliveries are now
  /// to be announced, or 0 when enough is announced already.
  Sequence advance_watermark(Sequence sequence);
  /// Calls visit(below) for each level with announced deliveries and messages left. What was
  /// announced of an empty level is forgotten: it may cover messages to come.
  template <class F>
  void for_each_watermark(F&& visit);
  Backlog::State state(Sequence sequence) const;
  /// Above every sequence given out to a message of this level.
  Sequence end(std::uint8_t number = 0) const {
    const Backlog* backlog = levels_.find(number);
    return PriorityLevels::prefix_of(number) | (backlog == nullptr ? 0 : backlog->positions().end);
  }
  /// The first ready message of the level in which `end` is, if it lies before that: of those that
  /// came back, or of those that were not out yet.
  enum class Ready : std::uint8_t { came_back, undelivered };
  std::optional<Sequence> first_ready_below(Sequence end, Ready which);

  std::uint64_t ready_count() const { return ready_count_; }
  std::uint64_t unacked_count() const { return unacked_count_; }
  /// Of all levels.
  BacklogCounts counts() const;
  /// visit(number, Backlog&), the highest level in use first.
  template <class F>
  void for_each_level(F&& visit) {
    levels_.for_each(visit);
  }

  LazyTally tally;  ///< What the queue counts beside.

 private:
  static constexpr Sequence inner_mask = PriorityLevels::inner_mask;

  Backlog& level_of(Sequence sequence) { return levels_.level_of(sequence); }

  PriorityLevels levels_;
  std::uint64_t ready_count_ = 0;
  std::uint64_t unacked_count_ = 0;
};

template <class F>
void PriorityBacklog::for_each(F&& visit) const {
  levels_.for_each([&](std::size_t number, const Backlog& backlog) {
    const Sequence prefix = PriorityLevels::prefix_of(number);
    backlog.for_each([&](Sequence inner, const Slot& slot) { return visit(prefix | inner, slot); });
  });
}

/// What is consumed last goes first.
template <class F>
std::uint32_t PriorityBacklog::evict(Backlog::Eviction options, F&& record) {
  std::uint32_t count = 0;
  for (unsigned number = 0; number <= levels_.max() && options.count > 0; ++number) {
    const auto level = static_cast<std::uint8_t>(number);
    if (levels_.find(level) == nullptr) continue;
    const Sequence prefix = PriorityLevels::prefix_of(number);
    const std::uint32_t done = levels_.level(level).evict(
        options,
        [&](Sequence inner, const Message& message) { return record(prefix | inner, message); });
    options.count -= done;
    count += done;
  }
  return count;
}

template <class F>
void PriorityBacklog::request_ahead(std::uint32_t count, std::uint64_t bytes, F&& visit) {
  levels_.for_each([&](std::size_t number, Backlog& backlog) {
    const Sequence prefix = PriorityLevels::prefix_of(number);
    if (count == 0 || bytes == 0) return;
    backlog.request_ahead(count, bytes, [&](Sequence inner, const RecordLocation& place) {
      --count;
      bytes -= std::min<std::uint64_t>(bytes, place.size);
      visit(prefix | inner, place);
    });
  });
}

template <class F>
void PriorityBacklog::for_each_watermark(F&& visit) {
  levels_.for_each([&](std::size_t number, Backlog& backlog) {
    if (backlog.delivered_below() == 0) return;
    if (backlog.counts().live() > 0) {
      visit(PriorityLevels::prefix_of(number) | backlog.delivered_below());
    } else {
      backlog.set_delivered_below(0);
    }
  });
}

}  // namespace lepus::core
