// Lets one line about a thing through and counts what is beyond until limits::log_pause has passed:
// for what clients or a full machine can cause as often as they like.
#pragma once

#include <cstdint>

#include "core/base/time.h"
#include "core/limits.h"

namespace lepus::core {

class LogGate {
 public:
  /// How often it happened since the last line, this time included; 0: write none now.
  std::uint64_t admit(Nanos now) {
    ++count_;
    if (now < next_) return 0;
    next_ = now + limits::log_pause;
    const std::uint64_t count = count_;
    count_ = 0;
    return count;
  }

 private:
  Nanos next_ = 0;  ///< Before it, nothing is written.
  std::uint64_t count_ = 0;
};

}  // namespace lepus::core
