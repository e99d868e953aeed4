// The share of the time in which a consumer of a queue could take a message at once, RabbitMQ's
// consumer_capacity: a moving average, whose half-life is limits::capacity_half_life.
//
//   free --messages wait, and nobody has room--> blocked --somebody took all, or has room--> free
//
// The queue says how it stands at the end of each pump; times are summed up, and the average is
// worked out when somebody asks.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>

#include "core/base/time.h"
#include "core/limits/statistics.h"

namespace lepus::core {

class CapacityMeter {
 public:
  /// From now on messages wait for which no consumer has room, or that is over.
  void note(bool is_blocked, Nanos now) {
    if (is_blocked == is_blocked_) return;
    if (sampled_at_ == never) sampled_at_ = now;
    if (is_blocked_) blocked_ += now - since_;
    is_blocked_ = is_blocked;
    since_ = now;
  }
  /// The average, in thousandths, up to now.
  std::uint16_t sample(Nanos now) {
    if (is_blocked_) {
      blocked_ += now - since_;
      since_ = now;
    }
    if (sampled_at_ == never) sampled_at_ = now;
    if (const Nanos period = now - sampled_at_; period > 0) {
      const auto length = static_cast<double>(period);
      const double share = 1 - std::min(1.0, static_cast<double>(blocked_) / length);
      const double kept = std::exp2(-length / static_cast<double>(limits::capacity_half_life));
      average_ = average_ * kept + share * (1 - kept);
      blocked_ = 0;
      sampled_at_ = now;
    }
    return static_cast<std::uint16_t>(std::lround(average_ * 1'000));
  }

 private:
  Nanos since_ = 0;    ///< It stands as it does.
  Nanos blocked_ = 0;  ///< Since the last sample, without what goes on.
  Nanos sampled_at_ = never;
  double average_ = 1;
  bool is_blocked_ = false;
};

}  // namespace lepus::core
