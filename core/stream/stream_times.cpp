// Marks in order of both their first message and their time: searches are binary.
#include "core/stream/stream_times.h"

#include <algorithm>

#include "core/base/assert.h"

namespace lepus::core {

void StreamTimes::add(Sequence sequence, std::uint64_t time_ms) {
  CHECK(marks_.empty() || sequence >= marks_.back().first);
  const std::uint64_t rounded = time_ms / step_ms * step_ms;
  if (marks_.empty() || rounded > marks_.back().time_ms) marks_.push_back({sequence, rounded});
}

void StreamTimes::drop_before(Sequence first) {
  while (marks_.size() > 1 && marks_[1].first <= first) marks_.pop_front();
  if (!marks_.empty() && marks_.front().first < first) marks_.front().first = first;
}

/// The messages of a mark are older when its second was over by then.
Sequence StreamTimes::older_than(std::uint64_t time_ms, Sequence end) const {
  const auto first_young =
      std::partition_point(marks_.begin(), marks_.end(),
                           [&](const Mark& mark) { return mark.time_ms + step_ms <= time_ms; });
  return first_young == marks_.end() ? end : first_young->first;
}

std::uint64_t StreamTimes::time_of(Sequence sequence) const {
  const auto later = std::partition_point(marks_.begin(), marks_.end(),
                                          [&](const Mark& mark) { return mark.first <= sequence; });
  return later == marks_.begin() ? 0 : std::prev(later)->time_ms;
}

}  // namespace lepus::core
