// Comparisons of bytes and segment numbers.
#include "persist/journal/compaction/compaction_rounds.h"

#include <utility>

#include "core/base/assert.h"
#include "core/limits.h"

namespace lepus::persist {

CompactionRounds::CompactionRounds(const SegmentTable& segments, std::uint64_t segment_size)
    : segments_(segments), slack_(core::limits::journal_slack_segments * segment_size) {
  CHECK(slack_ > 0);
}

void CompactionRounds::stop() {
  is_stopped_ = true;
  round_end_ = 0;
}

/// Of the segments in use, beyond what is allowed.
std::uint64_t CompactionRounds::excess() const {
  const std::uint64_t allowed = 2 * segments_.live_bytes() + slack_;
  return segments_.in_use_bytes() > allowed ? segments_.in_use_bytes() - allowed : 0;
}

bool CompactionRounds::wants(core::Nanos now, std::uint64_t first_undurable) {
  if (is_stopped_) return false;
  if (excess() == 0) {
    round_end_ = resume_above_ = 0;
    return false;
  }
  if (excess() <= resume_above_) return false;
  const std::uint64_t first = segments_.first();
  // Another round at once could change nothing, for ever: messages may fit their segments badly.
  if (first >= round_end_ && round_end_ != 0) {
    round_end_ = 0;
    resume_above_ = excess() + slack_;
    return false;
  }
  if (first >= round_end_) round_end_ = segments_.next_number();
  if (first == stuck_segment_ && now < stuck_until_) {
    round_end_ = 0;
    return false;
  }
  return first < first_undurable && segments_.live_bytes(first) > 0;
}

bool CompactionRounds::set_stuck(std::uint64_t number, core::Nanos now) {
  CHECK(number == segments_.first());
  stuck_until_ = now + core::limits::compaction_retry;
  return std::exchange(stuck_segment_, number) != number;
}

}  // namespace lepus::persist
