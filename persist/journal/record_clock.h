// The time that records carry: since 1970. The system's clock may be set back; a later record is
// never of an earlier time.
#pragma once

#include <algorithm>
#include <cstdint>

#include "core/base/time.h"
#include "io/loop.h"

namespace lepus::persist {

class RecordClock {
 public:
  explicit RecordClock(const io::Loop& loop) : loop_(loop) {}

  std::uint64_t now_ms() {
    last_ = std::max(last_, loop_.now() + loop_.wall_offset());
    return static_cast<std::uint64_t>(last_ / core::nanos_per_ms);
  }

 private:
  const io::Loop& loop_;
  core::Nanos last_ = 0;
};

}  // namespace lepus::persist
