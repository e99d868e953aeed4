// Planted mistakes about the indexes of segments: one that lacks an acknowledgement, and one that
// was written before the last batch of its segment was durable. Both have a right CRC and belong to
// their segment, so a start believes them.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "core/base/bytes.h"
#include "io/sim/sim_disk.h"

namespace lepus::sim {

/// The same index without the ranges of one of its settle records; nothing: it has none, or is no
/// index.
std::optional<std::vector<std::uint8_t>> without_a_settle(core::Bytes index, core::Random& random);

/// What the newest segment of each journal held in memory when the process ended, for indexes that
/// were made too early.
class EarlyIndexes {
 public:
  /// Before the crash of a process that wrote to this disk. `directory` is that of the journals.
  void remember(io::SimDisk& disk, const std::string& directory);
  /// What the index at this path would be, had it been made then; nothing: it would be the same, or
  /// none. `index` is what is to be written in its place.
  std::optional<std::vector<std::uint8_t>> early(const std::string& path, core::Bytes index) const;

 private:
  std::map<std::string, std::vector<std::uint8_t>> segments_;  ///< By the path of their index.
};

}  // namespace lepus::sim
