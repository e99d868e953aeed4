// See heap_trimmer.h.
#include "tools/server/heap_trimmer.h"

#include <algorithm>
#include <utility>

namespace lepus::server {

void HeapTrimmer::note_use(std::uint64_t accounted) {
  used_[current_] = std::max(used_[current_], accounted);
}

bool HeapTrimmer::wants_look(core::Nanos now) {
  if (now < next_look_) return false;
  next_look_ = now + core::limits::heap_trim_interval;
  return true;
}

std::uint64_t HeapTrimmer::used_max() const {
  return *std::max_element(used_.begin(), used_.end());
}

bool HeapTrimmer::is_due(std::uint64_t resident, core::Nanos now) {
  const std::uint64_t used = used_max();
  const std::uint64_t unneeded = resident - std::min(resident, used);
  current_ = (current_ + 1) % used_.size();
  used_[current_] = 0;
  floor_ = std::exchange(settles_, false) ? unneeded : std::min(floor_, unneeded);
  const bool grew = unneeded - floor_ >= std::max(core::limits::heap_trim_step, used / 8);
  const bool is_large = unneeded >= core::limits::heap_trim_large &&
                        now - trimmed_at_ >= core::limits::heap_trim_large_interval;
  if (!grew && !is_large) return false;
  trimmed_at_ = now;
  settles_ = true;
  return true;
}

}  // namespace lepus::server
