// When the messages of a queue came, without a time in each message: a few marks, one a sample, of
// how far the queue had got by then.
//
//   position   0 ........ 90 ........ 200 ..... 201
//   marks           {90, 10:00:05}  {200, 10:00:10}      position 120 was given out by 10:00:10
//
// So the time of a position is known to within the time between two samples. Marks of messages that
// are gone are forgotten. Of those that stay for long the ones go whose loss matters least beside
// the age they tell, so the error stays a small part of it.
#pragma once

#include <algorithm>
#include <vector>

#include "core/base/ids.h"
#include "core/base/time.h"
#include "core/limits/statistics.h"

namespace lepus::core {

class TimeMarks {
 public:
  /// Every position below `end` was given out at `now` or before. In order of the times.
  void note(Sequence end, Nanos now) {
    if (!marks_.empty() && (end <= marks_.back().end || now < marks_.back().time)) return;
    if (marks_.size() >= limits::time_marks_max) drop_least(now);
    marks_.push_back({end, now});
  }
  /// When this position was given out at the latest; `now`, if no mark says it.
  Nanos time_of(Sequence position, Nanos now) const {
    const auto mark = std::partition_point(marks_.begin(), marks_.end(),
                                           [&](const Mark& each) { return each.end <= position; });
    return mark == marks_.end() ? now : mark->time;
  }
  /// Nobody asks for positions below any more.
  void forget_below(Sequence position) {
    const auto first = std::partition_point(marks_.begin(), marks_.end(),
                                            [&](const Mark& each) { return each.end <= position; });
    marks_.erase(marks_.begin(), first);
  }
  std::size_t size() const { return marks_.size(); }

 private:
  struct Mark {
    Sequence end;
    Nanos time;
  };

  /// The positions it told of are told by the next one then, as younger than they are. The first
  /// one stays: it is asked for most.
  void drop_least(Nanos now) {
    std::size_t least = 1;
    double error_min = 2;
    for (std::size_t i = 1; i + 1 < marks_.size(); ++i) {
      const Nanos since = marks_[i - 1].time;
      const double age = static_cast<double>(now - since) + 1;
      const double error = static_cast<double>(marks_[i + 1].time - since) / age;
      if (error >= error_min) continue;
      error_min = error;
      least = i;
    }
    marks_.erase(marks_.begin() + static_cast<std::ptrdiff_t>(least));
  }

  std::vector<Mark> marks_;
};

}  // namespace lepus::core
