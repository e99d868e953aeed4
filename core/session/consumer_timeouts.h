// Finds the deliveries of a session that wait too long for their acknowledgement. Nothing is kept
// for each delivery: a few times per timeout a mark records which delivery tag comes next, and a
// tag below a mark was delivered before the mark's time.
#pragma once

#include <algorithm>
#include <cstdint>
#include <deque>

#include "core/base/assert.h"
#include "core/base/time.h"

namespace lepus::core {

class ConsumerTimeouts {
 public:
  /// Marks are set this often at least, so a timeout is exceeded by that much at most.
  static constexpr Nanos step_max = 60 * nanos_per_s;
  static constexpr Nanos step_min = 10 * nanos_per_ms;

  /// A consumer with this timeout was added.
  void add(Nanos timeout) {
    longest_ = std::max(longest_, timeout);
    step_ = std::min(step_, std::clamp(timeout / 4, step_min, step_max));
  }
  /// Time until mark() is to be called again.
  Nanos step() const { return step_; }
  /// Records that deliveries from `next_tag` on are made at `now` or later.
  void mark(Nanos now, std::uint64_t next_tag) {
    CHECK(marks_.empty() || marks_.back().at <= now);
    CHECK(marks_.empty() || marks_.back().next_tag <= next_tag);
    marks_.push_back({now, next_tag});
    while (marks_.size() > 1 && marks_[1].at <= now - longest_) marks_.pop_front();
  }
  /// Returns the tag below which all deliveries were made at least `timeout` before `now`; 0: none.
  std::uint64_t overdue_below(Nanos now, Nanos timeout) const {
    std::uint64_t tag = 0;
    for (const Mark& mark : marks_) {
      if (mark.at > now - timeout) break;
      tag = mark.next_tag;
    }
    return tag;
  }

 private:
  struct Mark {
    Nanos at;
    std::uint64_t next_tag;
  };
  std::deque<Mark> marks_;  ///< Oldest first.
  Nanos longest_ = 0;
  Nanos step_ = step_max;
};

}  // namespace lepus::core
