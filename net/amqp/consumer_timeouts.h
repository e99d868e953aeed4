// Which deliveries of a channel wait too long for their acknowledgement. Nothing is kept for each
// delivery: a few times a timeout it is written down which tag is next; a tag below a mark was
// delivered before it.
#pragma once

#include <algorithm>
#include <cstdint>
#include <deque>

#include "core/base/time.h"
#include "io/timers.h"

namespace lepus::amqp {

class ConsumerTimeouts {
 public:
  /// Looks are this often at least, so a timeout is exceeded by that much at most.
  static constexpr core::Nanos step_max = 60 * core::nanos_per_s;
  static constexpr core::Nanos step_min = 10 * core::nanos_per_ms;

  /// A consumer with this timeout is there.
  void add(core::Nanos timeout) {
    longest_ = std::max(longest_, timeout);
    step_ = std::min(step_, std::clamp(timeout / 4, step_min, step_max));
  }
  /// Time until the next look().
  core::Nanos step() const { return step_; }
  void look(core::Nanos now, std::uint64_t next_tag) {
    marks_.push_back({now, next_tag});
    while (marks_.size() > 1 && marks_[1].at <= now - longest_) marks_.pop_front();
  }
  /// Tags below were delivered at least `timeout` before `now`.
  std::uint64_t late_below(core::Nanos now, core::Nanos timeout) const {
    std::uint64_t tag = 0;
    for (const Mark& mark : marks_) {
      if (mark.at > now - timeout) break;
      tag = mark.next_tag;
    }
    return tag;
  }

  io::Timer timer;

 private:
  struct Mark {
    core::Nanos at;
    std::uint64_t next_tag;
  };
  std::deque<Mark> marks_;
  core::Nanos longest_ = 0;
  core::Nanos step_ = step_max;
};

}  // namespace lepus::amqp
