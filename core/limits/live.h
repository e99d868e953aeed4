// Limits of what operators look at while it happens: pieces of streams, traces, the log.
#pragma once

#include <cstddef>
#include <cstdint>

#include "core/base/time.h"
#include "core/limits.h"

namespace lepus::core::limits {

/// What a look at a stream copies in a turn, bytes but for the last message; and how many offsets
/// without a message it passes.
constexpr std::size_t job_bytes_per_turn = std::size_t{256} << 10;
constexpr std::size_t job_skips_per_turn = 4096;
static_assert(job_bytes_per_turn <= job_bytes_max);

/// Traced messages that a shard keeps for those who watch, and their bytes; the oldest go.
constexpr std::size_t traces_max = 1000;
constexpr std::size_t trace_bytes_max = std::size_t{1} << 20;
/// Of each: bytes of its body and of its properties, and names of queues it was routed to.
constexpr std::size_t trace_body_max = 1024;
constexpr std::size_t trace_properties_max = 4096;
constexpr std::size_t trace_queues_max = 20;
/// In one answer of a shard, and how long it keeps traces after the last question.
constexpr std::uint32_t trace_answer_max = 500;
constexpr Nanos trace_watch_time = 60 * nanos_per_s;
static_assert(trace_body_max + trace_properties_max < trace_bytes_max);

/// Lines of the log that are kept in memory, and their bytes; the oldest go.
constexpr std::size_t log_lines_kept = 2000;
constexpr std::size_t log_bytes_kept = std::size_t{512} << 10;
static_assert(log_line_max < log_bytes_kept);

}  // namespace lepus::core::limits
