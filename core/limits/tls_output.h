// How much encrypted output may wait; see core/limits.h.
#pragma once

#include <cstddef>

#include "core/limits/tls.h"

namespace lepus::core::limits {

/// Of a connection whose client takes all of it at once, in place of tls_sealed_max: a turn may
/// read more than tls_sealed_max, and what it reads must not pile up behind what it writes.
constexpr std::size_t tls_sealed_fast_max = tiny ? 4096 : std::size_t{1} << 20;
/// With more in the blocks of a shard, tls_sealed_max counts for all its connections.
constexpr std::size_t tls_sealed_blocks_max = tiny ? 64 << 10 : 16 << 20;
static_assert(tls_sealed_max <= tls_sealed_fast_max);
static_assert(tls_sealed_fast_max <= tls_sealed_blocks_max);

}  // namespace lepus::core::limits
