// Time inside the broker: nanoseconds as a signed number, always handed in (`now`), never read from
// a clock here.
#pragma once

#include <cstdint>

namespace lepus::core {

/// Monotonic nanoseconds since an arbitrary start; also used for durations.
using Nanos = std::int64_t;

constexpr Nanos nanos_per_us = 1'000;
constexpr Nanos nanos_per_ms = 1'000'000;
constexpr Nanos nanos_per_s = 1'000'000'000;
/// Later than anything: "no deadline".
constexpr Nanos never = INT64_MAX;

}  // namespace lepus::core
