// What a journal does while its disk is full.
#pragma once

#include "core/base/time.h"

namespace lepus::core::limits {

/// A start copies the newest segment to a file of its own when the disk has room for so many files.
constexpr unsigned tail_copy_room = 4;

/// Acknowledgements wait for each other at most so long, then they are written.
constexpr Nanos settle_wait_max = nanos_per_s;

}  // namespace lepus::core::limits
