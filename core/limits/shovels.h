// What shovels may take (tools/server/shovel); see core/limits.h.
#pragma once

#include <cstddef>
#include <cstdint>

#include "core/base/time.h"
#include "core/limits/tiny.h"

namespace lepus::core::limits {

/// Of the whole broker: more parameters than that are listed as terminated, with the reason.
constexpr std::size_t shovels_max = tiny ? 4 : 1'000;
/// Messages and bytes of bodies that one shovel moves in a turn of its shard.
constexpr std::size_t shovel_messages_per_turn = tiny ? 2 : 128;
constexpr std::uint64_t shovel_bytes_per_turn = 256 << 10;
/// Messages and bytes that came from the source and are not published: above it the source waits.
constexpr std::size_t shovel_pending_max = tiny ? 4 : 1'000;
constexpr std::uint64_t shovel_pending_bytes_max = std::uint64_t{8} << 20;
/// Output to another broker that is not sent: above it nothing more is published.
constexpr std::size_t shovel_unsent_max = std::size_t{1} << 20;
/// Publishes that wait for their confirm.
constexpr std::size_t shovel_unconfirmed_max = tiny ? 8 : 20'000;
/// Messages of a queue that a filter leaves where they are, held until the shovel ends.
constexpr std::size_t shovel_skipped_max = tiny ? 16 : 1'000'000;
constexpr std::uint32_t shovel_prefetch_default = 1'000;
/// What another broker may announce as frame_max is cut to this.
constexpr std::uint32_t shovel_frame_max = 128 << 10;
/// A request to another broker is answered within this time, the handshake included.
constexpr Nanos shovel_answer_wait = 20 * nanos_per_s;
constexpr Nanos shovel_close_wait = 2 * nanos_per_s;
/// A shovel with an end that got nothing for so long asks whether its queue is empty.
constexpr Nanos shovel_idle_look = nanos_per_s;
/// How often the admin thread is told how far a shovel is.
constexpr Nanos shovel_report_interval = 500 * nanos_per_ms;
constexpr std::uint32_t shovel_reconnect_s_default = 5;
constexpr Nanos shovel_connect_wait_default = 30 * nanos_per_s;
constexpr std::size_t shovel_uris_max = 32;
/// Shovels that have ended are remembered for who asks what became of them.
constexpr std::size_t shovels_ended_max = 100;

}  // namespace lepus::core::limits
