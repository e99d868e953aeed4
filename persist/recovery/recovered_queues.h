// What the replay of a journal knows of the queues: their live messages, the next position, and up
// to where messages may have been delivered. Positions carry the priority level in their top 8
// bits (core/queue/backlog/priority_backlog.h); each level is a line of its own.
#pragma once

#include <algorithm>
#include <boost/unordered/unordered_flat_map.hpp>
#include <cstdint>
#include <vector>

#include "persist/journal/live_list.h"
#include "persist/journal/record.h"

namespace lepus::persist {

/// Messages that lie one behind the other in their queue and in a segment, and are alike.
struct RecoveredRun {
  std::uint64_t sequence = 0;  ///< Position in the queue of the first, level included.
  std::uint32_t count = 1;
  LiveMessage message;       ///< The first; the record of the next lies place.size behind.
  bool redelivered = false;  ///< May have been delivered before.
};

struct LiveEntry {
  std::uint64_t sequence = 0;  ///< Its position in the queue, level included.
  LiveMessage message;
  bool redelivered = false;  ///< May have been delivered before.
};

/// Positions with the level included.
struct RecoveredLevel {
  std::uint64_t first_sequence = 0;  ///< That it can have.
  std::uint64_t next_sequence = 0;   ///< Above every position that was ever given out or announced.
  std::uint64_t delivered_below = 0;  ///< 0 within the level: nothing was announced.
};

class RecoveredQueues {
 public:
  // --- Replay
  /// `run` has the level in its position.
  void add(std::uint64_t queue, const LiveRun& run);
  /// The position was given out, to a message that is dead.
  void give_out(const QueueRef& ref);
  void settle(const SequenceRange& range);
  void raise_watermark(const QueueRef& below);
  void drop_before(std::uint32_t segment);
  static bool is_one_level(std::uint64_t first, std::uint64_t last) {
    return level_of(first) == level_of(last);
  }

  // --- What came out of it
  std::vector<std::uint64_t> ids() const;  ///< Ascending.
  std::vector<RecoveredLevel> levels(std::uint64_t queue) const;
  std::uint64_t count(std::uint64_t queue) const;  ///< Live messages.
  std::uint64_t count() const;
  bool empty() const { return queues_.empty(); }
  std::uint64_t memory_bytes() const;
  /// visit(RecoveredRun) in order of the sequences.
  template <class F>
  void for_each_run(std::uint64_t queue, F&& visit) const;
  /// visit(LiveEntry) in order of the sequences.
  template <class F>
  void for_each(std::uint64_t queue, F&& visit) const;
  template <class F>
  void for_each_queue(F&& visit) const;
  /// Gives the queue's memory back.
  void forget(std::uint64_t queue) { queues_.erase(queue); }

 private:
  static constexpr unsigned level_shift = 56;
  static constexpr std::uint64_t position_mask = (std::uint64_t{1} << level_shift) - 1;

  struct Level {
    std::uint64_t next = 0;  ///< Without the level.
    std::uint64_t delivered_below = 0;
    LiveList messages;
    std::uint8_t number = 0;
  };
  using Levels = std::vector<Level>;  ///< Ascending by number; usually one.

  static std::uint8_t level_of(std::uint64_t sequence) {
    return static_cast<std::uint8_t>(sequence >> level_shift);
  }
  /// Never spills into the level.
  static std::uint64_t above(std::uint64_t position) {
    return position < position_mask ? position + 1 : position_mask;
  }
  static Level& find_level(Levels& levels, std::uint8_t number);
  static void settle_in(Level& level, const SequenceRange& range);
  /// visit(the part below `delivered_below`, true), then visit(the rest, false); either may be
  /// missing.
  template <class F>
  static void cut_at(std::uint64_t delivered_below, const LiveRun& run, F&& visit);

  boost::unordered_flat_map<std::uint64_t, Levels> queues_;
};

template <class F>
void RecoveredQueues::cut_at(std::uint64_t delivered_below, const LiveRun& run, F&& visit) {
  const std::uint64_t below = delivered_below > run.position ? delivered_below - run.position : 0;
  const auto count = static_cast<std::uint32_t>(std::min<std::uint64_t>(below, run.count));
  LiveRun part = run;
  part.count = count;
  if (part.count > 0) visit(part, true);
  part.position += count;
  part.message.place.offset += count * run.message.place.size;
  part.count = run.count - count;
  if (part.count > 0) visit(part, false);
}

template <class F>
void RecoveredQueues::for_each_run(std::uint64_t queue, F&& visit) const {
  const auto found = queues_.find(queue);
  if (found == queues_.end()) return;
  for (const Level& level : found->second) {
    const std::uint64_t prefix = std::uint64_t{level.number} << level_shift;
    level.messages.for_each_run([&](const LiveRun& run) {
      cut_at(level.delivered_below, run, [&](const LiveRun& part, bool redelivered) {
        visit(RecoveredRun{prefix | part.position, part.count, part.message, redelivered});
      });
    });
  }
}

template <class F>
void RecoveredQueues::for_each(std::uint64_t queue, F&& visit) const {
  for_each_run(queue, [&](const RecoveredRun& run) {
    LiveEntry entry{run.sequence, run.message, run.redelivered};
    for (std::uint32_t i = 0; i < run.count; ++i) {
      visit(std::as_const(entry));
      ++entry.sequence;
      entry.message.place.offset += run.message.place.size;
    }
  });
}

template <class F>
void RecoveredQueues::for_each_queue(F&& visit) const {
  for (const std::uint64_t id : ids()) visit(id);
}

}  // namespace lepus::persist
