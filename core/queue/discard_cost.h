// What throwing a message away takes of a turn's limits::discards_per_turn_max.
#pragma once

#include <cstddef>

#include "core/limits.h"
#include "core/message/message.h"

namespace lepus::core {

/// Null: it is on the disk only.
inline std::size_t discard_cost(const Message* message) {
  const std::uint64_t size = message == nullptr ? 0 : message->memory_size();
  return 1 + static_cast<std::size_t>(size / limits::discard_bytes);
}

}  // namespace lepus::core
