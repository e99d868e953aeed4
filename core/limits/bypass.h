// Bounds of the kernel bypass: what one turn does, what a stack keeps, how often is looked.
#pragma once

#include <cstddef>
#include <cstdint>

#include "core/base/time.h"
#include "core/limits/tiny.h"

namespace lepus::core::limits {

/// Frames that a stack takes from its queue in one turn; and those that wait in a queue of DPDK
/// until they are passed to the device together.
constexpr std::uint32_t bypass_burst = tiny ? 4 : 32;
constexpr std::uint16_t bypass_send_burst = 64;
/// Segments that may wait in the stack beyond what the peer takes now.
constexpr std::uint32_t bypass_segments_ahead = 4;
/// How often what a peer takes is looked at in the time it may take nothing.
constexpr int bypass_looks_per_timeout = 3;
/// Peers whose Ethernet address is remembered: a power of two.
constexpr std::size_t bypass_neighbours = 4096;
static_assert((bypass_neighbours & (bypass_neighbours - 1)) == 0);
/// What a new connection may send at once, bytes, and what that grows to while its bytes are used.
constexpr std::uint32_t bypass_window_first = 256 << 10;
constexpr std::uint32_t bypass_window_max = 2 << 20;
/// Half-open connections of a shard.
constexpr std::uint32_t bypass_half_open_max = 1024;
/// Receptions between two looks at how many frames of a queue are free; with fewer than one of so
/// many, what would keep a frame is copied.
constexpr std::uint32_t bypass_receptions_per_look = 16;
constexpr std::uint32_t bypass_frames_low_share = 4;
/// How often a shard tells its counters; and the control thread looks at the device.
constexpr Nanos bypass_tell_interval = 100 * nanos_per_ms;
constexpr Nanos bypass_look_interval = nanos_per_s;

}  // namespace lepus::core::limits
