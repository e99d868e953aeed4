// What describing a queue may cost, and what is remembered for it between two samples.
#pragma once

#include <cstddef>
#include <cstdint>

#include "core/base/time.h"
#include "core/limits/tiny.h"

namespace lepus::core::limits {

/// Times that are remembered of one queue and priority level, for the ages of its messages.
constexpr std::size_t time_marks_max = tiny ? 3 : 32;
/// Positions that one sample of a queue looks at to find its oldest unacknowledged message. What is
/// further away is found by the samples that follow.
constexpr std::size_t unacked_scan_max = tiny ? 4 : 4'096;
/// A queue or channel without any event for so long is idle.
constexpr Nanos idle_after = 1 * nanos_per_s;
/// Of the moving average of the consumer capacity, RabbitMQ's.
constexpr Nanos capacity_half_life = 1 * nanos_per_s;

static_assert(time_marks_max >= 3);

}  // namespace lepus::core::limits
