// Limits of what a service manager is told.
#pragma once

#include <cstdint>

#include "core/base/time.h"

namespace lepus::core::limits {

/// A thread says so many times in a watchdog's interval that it is alive, and the manager is told
/// as often that the broker is.
constexpr int watchdog_beats = 4;
/// A thread that was silent for this part of the interval keeps the manager from being told.
constexpr int watchdog_silence_divisor = 2;
/// Between two messages about a start that takes long.
constexpr Nanos start_status_interval = nanos_per_s;
/// Each of them asks for so much more time to start.
constexpr Nanos start_extension = 60 * nanos_per_s;
/// A service manager that is restarted takes no messages for a moment: that it was told to wait
/// must not be lost.
constexpr Nanos notify_wait = 5 * nanos_per_s;
/// A start or a journal that fails with less than this free in the data directory failed for want
/// of room.
constexpr std::int64_t start_space_min = 4 << 20;

}  // namespace lepus::core::limits
