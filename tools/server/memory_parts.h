// What memory of the broker is accounted to, by kind: the sum is what the watermark judges.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace lepus::server {

enum class MemoryPart : std::uint8_t {
  messages,        ///< In queues, with what belongs to them.
  message_index,   ///< Ids of messages that came.
  definitions,     ///< Queues, exchanges and bindings, estimated; the copies of all threads.
  connections,     ///< Connections, channels and consumers, estimated.
  unacknowledged,  ///< What sessions remember of deliveries.
  output,          ///< Not sent yet.
  journal          ///< Not written yet.
};
inline constexpr std::size_t memory_part_count = 7;
inline constexpr std::array<std::string_view, memory_part_count> memory_part_names{
    "messages",       "msg_index",          "metadata_store", "connections",
    "unacknowledged", "connection_writers", "journal"};

/// Bytes, by MemoryPart.
using MemoryParts = std::array<std::uint64_t, memory_part_count>;

inline std::uint64_t total_of(const MemoryParts& parts) {
  std::uint64_t sum = 0;
  for (const std::uint64_t bytes : parts) sum += bytes;
  return sum;
}

}  // namespace lepus::server
