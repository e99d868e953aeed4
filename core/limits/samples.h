// What the admin thread remembers for charts and listings; see core/limits.h.
#pragma once

#include <cstddef>

#include "core/base/time.h"
#include "core/limits/tiny.h"

namespace lepus::core::limits {

/// Queues and exchanges whose values are kept over time, about 22 KiB each; of the others only what
/// is now.
constexpr std::size_t sampled_histories_max = tiny ? 4 : 500;
/// A request that finds samples older than that asks for newer ones,
constexpr Nanos sample_fresh = 250 * nanos_per_ms;
/// waits for them at most so long,
constexpr Nanos sample_wait_max = 200 * nanos_per_ms;
/// and not at all when there are more rows: then all are sampled at the interval.
constexpr std::size_t sample_refresh_rows_max = tiny ? 8 : 5'000;

}  // namespace lepus::core::limits
