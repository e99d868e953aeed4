// The numbers that bound sockets, what they bring, and connections that do not behave; all others,
// and what they have in common, are in core/limits.h.
#pragma once

#include <cstddef>
#include <cstdint>

#include "core/base/time.h"
#include "core/limits.h"

namespace lepus::core::limits {

// --- Input in a turn of the loop
/// Bytes received that are handed over in one turn: of one socket, and of all. Above the second
/// only pieces up to input_small are. The rest waits in its receive buffers.
constexpr std::size_t input_share = tiny ? 512 : 64 << 10;
constexpr std::size_t input_per_turn = tiny ? 2048 : 512 << 10;
constexpr std::size_t input_small = tiny ? 64 : 4 << 10;
/// A socket that used up its share is received from one buffer a turn, until one brings less.
constexpr std::size_t input_fast_min = tiny ? 128 : 16 << 10;
static_assert(input_small <= input_share && input_share <= input_per_turn);

// --- Descriptors and log
/// Of the process's limit of open files, what client connections leave free: for the journal, the
/// catalog and the operator. A quarter of the limit when that is less.
constexpr std::uint64_t descriptor_reserve = 100;
/// A limit below this is warned of at start.
constexpr std::uint64_t descriptors_low = 4096;
/// Connections that the kernel may hand over at once. While fewer descriptors are left, they are
/// accepted one by one.
constexpr int accept_burst = 4096;
/// Out of descriptors: the next try to accept, unless a connection closed before.
constexpr Nanos accept_retry = nanos_per_s;
/// Between two lines about the same thing that clients can cause as often as they like.
constexpr Nanos log_pause = 60 * nanos_per_s;

// --- Connections that end, or should
/// A socket that takes nothing for so long is reset (tcp_listen_options.send_timeout).
constexpr Nanos send_timeout_default = 15 * nanos_per_s;
/// The client is gone while its input is held for another reason than an alarm: what it sent is
/// waited for, so long.
constexpr Nanos client_gone_wait = 5 * nanos_per_s;
/// After close-ok the client has so long to close the socket, or one heartbeat interval if that is
/// less (RabbitMQ's rule).
constexpr Nanos close_linger = 30 * nanos_per_s;
/// After a login or a handshake that failed, before the socket is closed (RabbitMQ's).
constexpr Nanos handshake_linger = 3 * nanos_per_s;
/// Sockets of a shard that are left to their clients so; with more, the oldest is closed.
constexpr std::size_t lingering_max = tiny ? 3 : 1000;
/// Unread answers of such a client; above it the socket is closed.
constexpr std::size_t lingering_output_max = tiny ? 256 : 64 << 10;
/// Refused logins of a shard that are told so at once, each second; others wait handshake_linger.
constexpr std::uint64_t refusals_per_second = 10;

}  // namespace lepus::core::limits
