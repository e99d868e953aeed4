// Bounds of what is done about messages whose records cannot be read.
#pragma once

#include <cstddef>
#include <cstdint>

namespace lepus::core::limits {

/// Of one queue that are listed one by one; all of them are counted.
constexpr std::size_t unreadable_listed_max = 100;
/// Damaged records that one shard sets aside while it runs; beyond them old files stay as they are.
constexpr std::size_t damaged_records_max = 10'000;

}  // namespace lepus::core::limits
