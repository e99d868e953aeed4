// What a queue counts beside what it holds: what happened to its messages, and what is remembered
// from one sample of the operator to the next. Made with the first of it: a queue that never had a
// message owns none (PriorityBacklog::tally).
//
// What was pushed or restored = what is ready, unacknowledged or delayed + counts.ack,
// deliver_no_ack and get_no_ack + removed + purged + lost.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "core/base/message_counts.h"
#include "core/base/time.h"
#include "core/broker/stats.h"
#include "core/queue/capacity_meter.h"
#include "core/queue/dead_letter.h"
#include "core/queue/time_marks.h"
#include "core/queue/unreadable_messages.h"

namespace lepus::core {

/// Counts one for this reason.
inline void count_one(RemovalCounts& counts, DeathReason reason) {
  switch (reason) {
    case DeathReason::rejected:
      ++counts.rejected;
      break;
    case DeathReason::expired:
      ++counts.expired;
      break;
    case DeathReason::maxlen:
      ++counts.maxlen;
      break;
    case DeathReason::delivery_limit:
      ++counts.delivery_limit;
      break;
  }
}

struct QueueTally {
  /// What the samples of one priority level remember.
  struct LevelMarks {
    TimeMarks arrived;
    TimeMarks delivered;          ///< For the first time.
    Sequence unacked_cursor = 0;  ///< Below, nothing is unacknowledged that was out but once.
  };

  std::uint64_t positions_before = 0;  ///< That were given out before the restart.
  MessageCounts counts;                ///< Without publish, which positions tell.
  RemovalCounts removed;
  RemovalCounts dead_lettered;
  std::uint64_t restored = 0;  ///< Messages that it held when its shard started.
  std::uint64_t purged = 0;
  std::uint64_t lost = 0;  ///< They were given up because their records cannot be read.
  UnreadableMessages unreadable;
  std::uint64_t disk_reads = 0, disk_writes = 0;
  std::uint64_t persistent = 0;        ///< Ready, unacknowledged or retained.
  std::uint64_t persistent_bytes = 0;  ///< Of their bodies.
  CapacityMeter capacity;
  std::vector<LevelMarks> levels;   ///< By priority, as far as they were sampled.
  Nanos redelivered_since = never;  ///< All that is unacknowledged was out before.
  // Seen by the last sample.
  std::uint64_t events_seen = UINT64_MAX;
  std::uint64_t ready_seen = 0;
  Nanos active_at = 0;  ///< Of the last sample that saw something new.
};

/// The tally of a queue, made when somebody counts.
class LazyTally {
 public:
  QueueTally& operator*() { return made_ ? *made_ : make(); }
  QueueTally* operator->() { return &**this; }
  /// Null: nothing was counted yet.
  QueueTally* find() const { return made_.get(); }

 private:
  QueueTally& make() {
    made_ = std::make_unique<QueueTally>();
    return *made_;
  }

  std::unique_ptr<QueueTally> made_;
};

}  // namespace lepus::core
