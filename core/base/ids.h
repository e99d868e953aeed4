// Ids are types: a QueueId cannot be handed over where an ExchangeId is meant. All are plain
// numbers below.
#pragma once

#include <compare>
#include <cstddef>
#include <cstdint>
#include <functional>

namespace lepus::core {

template <class Tag, class Number>
struct Id {
  Number value{};
  constexpr auto operator<=>(const Id&) const = default;
  explicit constexpr operator bool() const { return value != 0; }
};

/// For Boost's hash tables.
template <class Tag, class Number>
std::size_t hash_value(const Id<Tag, Number>& id) {
  return static_cast<std::size_t>(id.value) * 0x9E3779B97F4A7C15ULL;
}

/// Index of a thread: shards are 0..N-1, the control thread is N.
using ShardId = std::uint16_t;

/// Given out by the control thread, never reused while the process lives; 0 is "none".
using VhostId = Id<struct VhostTag, std::uint32_t>;
using ExchangeId = Id<struct ExchangeTag, std::uint64_t>;
using QueueId = Id<struct QueueTag, std::uint64_t>;
/// Given by each topology in the order of the changes: the same everywhere.
using UserId = Id<struct UserTag, std::uint64_t>;

/// Unique over all shards: (shard + 1) << 48 | counter; 0 is "none".
using ConnectionId = Id<struct ConnectionTag, std::uint64_t>;

/// Position of a message in its queue; given once, never reused.
using Sequence = std::uint64_t;

struct QueuePosition {
  QueueId queue;
  Sequence sequence = 0;
};

/// Names a channel from any thread. Slots are reused, generations tell old from new.
struct ChannelRef {
  ShardId shard = 0;
  std::uint32_t slot = 0;
  std::uint32_t generation = 0;  ///< 0 is "no channel".
  bool operator==(const ChannelRef&) const = default;
  explicit operator bool() const { return generation != 0; }
};

}  // namespace lepus::core

template <class Tag, class Number>
struct std::hash<lepus::core::Id<Tag, Number>> {
  std::size_t operator()(const lepus::core::Id<Tag, Number>& id) const noexcept {
    return hash_value(id);
  }
};
