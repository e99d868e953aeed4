// How many messages a second a shovel may move: a bucket that holds a tenth of a second's worth,
// at least one.
#pragma once

#include <algorithm>
#include <cstdint>

#include "core/base/time.h"

namespace lepus::server {

class ShovelPace {
 public:
  /// 0: no limit.
  explicit ShovelPace(std::uint64_t rate_max)
      : step_(rate_max == 0
                  ? 0
                  : std::max<core::Nanos>(
                        core::nanos_per_s / static_cast<core::Nanos>(std::min<std::uint64_t>(
                                                rate_max, core::nanos_per_s)),
                        1)) {}

  bool may_send(core::Nanos now) const { return step_ == 0 || due_ <= now; }
  void note_sent(core::Nanos now) {
    if (step_ != 0) due_ = std::max(due_, now - core::nanos_per_s / 10) + step_;
  }
  /// When may_send() is true; 0: always.
  core::Nanos next_send() const { return step_ == 0 ? 0 : due_; }

 private:
  core::Nanos step_;  ///< Between two messages.
  core::Nanos due_ = 0;
};

}  // namespace lepus::server
