// Notices that a shard gives up a large part of the memory it held: a backlog is drained, purged or
// deleted. What it frees meanwhile is not needed again soon.
//
//   steady --held falls by memory_fall_min below its top--> falling
//     ^----------held did not fall for memory_fall_rest---------'
#pragma once

#include <cstdint>

#include "core/base/time.h"
#include "core/limits.h"

namespace lepus::server {

class MemoryFall {
 public:
  /// Once a turn: bytes held. Returns true while they fall.
  bool note(std::uint64_t held, core::Nanos now) {
    if (held > top_) top_ = low_ = held;
    if (held < low_) {
      low_ = held;
      fell_at_ = now;
    }
    if (top_ - low_ < core::limits::memory_fall_min) return false;
    if (now - fell_at_ < core::limits::memory_fall_rest) return true;
    top_ = low_ = held;
    return false;
  }

 private:
  std::uint64_t top_ = 0;
  std::uint64_t low_ = 0;  ///< Since top_.
  core::Nanos fell_at_ = 0;
};

}  // namespace lepus::server
