// What metrics may take; see core/limits.h.
#pragma once

#include <cstddef>

#include "core/limits/tiny.h"

namespace lepus::core::limits {

/// Of one scrape in a turn: rows of objects it adds up, and samples it writes.
constexpr std::size_t metrics_rows_per_turn = tiny ? 3 : 4096;
constexpr std::size_t metrics_samples_per_turn = tiny ? 5 : 2048;
/// Bytes of text that leave at once.
constexpr std::size_t metrics_piece_size = std::size_t{32} << 10;
/// Scrapes at a time; more are refused.
constexpr std::size_t metrics_scrapes_max = 16;

}  // namespace lepus::core::limits
