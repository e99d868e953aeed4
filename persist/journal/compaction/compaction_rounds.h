// When old messages are moved and how urgently, by the numbers of a journal's segments alone.
//
//   in use <= 2 x live + slack       nothing is moved
//   above, by the excess             a round: the oldest segments are emptied, one after the other
//   by more than the slack           it is urgent
//   by more than twice the slack     it is late: publishers wait
//
// Why this ends: a round goes up to the segment that was newest when it began. When it is still too
// much then, messages fit their segments badly, and the next round waits for growth.
#pragma once

#include <cstdint>

#include "core/base/time.h"
#include "persist/journal/segments/segment_table.h"

namespace lepus::persist {

class CompactionRounds {
 public:
  /// `segments` outlives it. `segment_size` in bytes.
  CompactionRounds(const SegmentTable& segments, std::uint64_t segment_size);

  /// Returns true when the oldest segment is to be emptied now. All before `first_undurable` is
  /// durable and not written again.
  bool wants(core::Nanos now, std::uint64_t first_undurable);
  bool is_urgent() const { return excess() > slack_; }
  bool is_late() const { return excess() > 2 * slack_; }
  /// The oldest segment, `number`, could not be emptied: it is left alone for a while. Returns true
  /// when that is news.
  bool set_stuck(std::uint64_t number, core::Nanos now);
  /// No round begins any more.
  void stop();
  bool is_stopped() const { return is_stopped_; }

 private:
  std::uint64_t excess() const;

  const SegmentTable& segments_;
  std::uint64_t slack_;
  bool is_stopped_ = false;
  std::uint64_t round_end_ = 0;      ///< This round goes up to here; 0: there is none.
  std::uint64_t resume_above_ = 0;   ///< Excess, after a round that was not enough; else 0.
  std::uint64_t stuck_segment_ = 0;  ///< Something in it is live and was not found.
  core::Nanos stuck_until_ = 0;
};

}  // namespace lepus::persist
