// What a journal does while its disk is full.
#pragma once

#include "core/base/time.h"

namespace lepus::core::limits {

/// Acknowledgements wait for each other at most so long, then they are written.
constexpr Nanos settle_wait_max = nanos_per_s;

}  // namespace lepus::core::limits
