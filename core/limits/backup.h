// What a backup may take of a running broker.
#pragma once

#include <cstddef>
#include <cstdint>

#include "core/base/time.h"

namespace lepus::core::limits {

/// A journal stands still at most so long until all of them do; then the backup fails.
constexpr Nanos backup_freeze_max = 5 * nanos_per_s;
/// Bytes that are copied in one piece.
constexpr std::size_t backup_piece_size = std::size_t{1} << 20;
/// Places of unreadable bytes that are told one by one; of more only their bytes.
constexpr std::size_t backup_places_max = 100;
/// How often the operator's thread looks at what the copying thread has done.
constexpr Nanos backup_look_interval = 20 * nanos_per_ms;
/// Bytes of the list of a backup's files, backup.json, that are read.
constexpr std::size_t backup_list_size_max = std::size_t{64} << 20;

}  // namespace lepus::core::limits
