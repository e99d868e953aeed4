// What the indexes of the journal's segments may take, and what an import may hold; see
// core/limits.h.
#pragma once

#include <cstddef>
#include <cstdint>

#include "core/limits/tiny.h"

namespace lepus::core::limits {

/// Of one index, bytes: while it is built it lies in memory. A segment that needs more gets none,
/// and a start reads the segment itself.
constexpr std::size_t segment_index_size_max = tiny ? 2 << 10 : 8 << 20;
/// Queues that an index knows by a number of its own; those beyond are named in full each time.
constexpr std::size_t segment_index_queues_max = tiny ? 4 : 64 << 10;
/// Indexes that wait for the one that is being written. Of more, the newest is left out.
constexpr std::size_t segment_indexes_waiting_max = tiny ? 1 : 4;
/// Of messages of a shard that is gone: recorded in the new journal and not yet written, bytes.
constexpr std::uint64_t import_pending_max = tiny ? 16 << 10 : 16 << 20;

}  // namespace lepus::core::limits
