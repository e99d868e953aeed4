// What HTTP may take; see core/limits.h.
#pragma once

#include <cstddef>
#include <cstdint>

#include "core/base/time.h"
#include "core/limits/tiny.h"

namespace lepus::core::limits {

/// Of one request: its first line, all of its header with that line, and how many fields.
constexpr std::size_t http_request_line_max = std::size_t{16} << 10;
constexpr std::size_t http_head_max = std::size_t{64} << 10;
constexpr std::size_t http_fields_max = 128;
static_assert(http_request_line_max < http_head_max);
/// Of its body, when the configuration says nothing: RabbitMQ's limit.
constexpr std::size_t http_body_max_default = std::size_t{20} << 20;
constexpr std::size_t http_body_max_hard = std::size_t{1} << 30;
/// Of all bodies of a server that are not answered; a body above it is refused.
constexpr std::size_t http_bodies_max = std::size_t{128} << 20;
/// What came behind a request that is not answered yet. Reading is paused then: it is what was
/// under way already.
constexpr std::size_t http_held_input_max = std::size_t{1} << 20;
/// A line of a chunk or a trailer longer than this is no such.
constexpr std::size_t http_chunk_line_max = http_head_max;

/// Connections of a server; one more takes the place of the one that is idle for longest.
constexpr std::size_t http_connections_max = 2048;
/// Requests that a server hands to its service in a turn, and connections it reads on from what
/// they held.
constexpr std::size_t http_requests_per_turn = 64;

/// Of output that waits: with more, an answer has no room; below the second it goes on.
constexpr std::size_t http_output_high = std::size_t{128} << 10;
constexpr std::size_t http_output_low = http_output_high / 2;
/// What is written of a whole answer at once; also what is compressed at once.
constexpr std::size_t http_slice_size = std::size_t{64} << 10;
static_assert(http_slice_size <= http_output_low);

/// Smaller answers are not compressed.
constexpr std::size_t http_compress_min = 1024;
/// Answers compressed at a time, each with some 270 KiB of memory; others go as they are.
constexpr std::size_t http_compressors_max = 64;
/// Compressed bytes that leave at once.
constexpr std::size_t http_compressed_piece = std::size_t{16} << 10;

/// From the first byte of a request to the end of its header.
constexpr Nanos http_head_timeout_default = 5 * nanos_per_s;
/// Between requests.
constexpr Nanos http_idle_timeout_default = 60 * nanos_per_s;
/// For a body: so long, and as long as so many bytes a second take.
constexpr Nanos http_body_timeout = 30 * nanos_per_s;
constexpr std::size_t http_body_rate_min = std::size_t{16} << 10;
/// A client that reads nothing of its answer for so long is cut off.
constexpr Nanos http_send_timeout = 30 * nanos_per_s;
/// What a client that is refused may take to read why, and to end what it is sending.
constexpr Nanos http_finish_wait = 2 * nanos_per_s;
/// At the end of the broker: what answers under way may take.
constexpr Nanos http_stop_wait = 2 * nanos_per_s;

}  // namespace lepus::core::limits
