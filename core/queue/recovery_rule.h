// How the records of a queue are read back after a start: plain data, for the journal is read
// before there are queues.
#pragma once

#include <cstdint>

namespace lepus::core {

struct RecoveryRule {
  std::uint8_t level_max = 0;      ///< Highest level of a position: priorities, or own ones.
  std::uint32_t time_step_ms = 0;  ///< Times of publishing are kept to it; 0: they are not.
};

}  // namespace lepus::core
