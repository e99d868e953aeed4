// Records that are damaged on the disk and that no queue has in memory, as compaction finds them:
// their bytes are copied before the file they lie in is used for something else. A person may still
// save what is in them.
//
//   <data_dir>/journal/damaged-records/shard-<id>-segment-<number>-offset-<offset>.record
#pragma once

#include <cstddef>
#include <string>

#include "core/base/bytes.h"
#include "io/disk.h"
#include "persist/journal/record.h"

namespace lepus::persist {

class DamagedRecords {
 public:
  /// `shard_directory`: where the journal's files are. The disk outlives this object.
  DamagedRecords(io::Disk& disk, const std::string& shard_directory);

  /// Makes a copy of the record at `place` durable; blocks. Returns "" or why there is none.
  [[nodiscard]] std::string keep(const Place& place, core::Bytes record);
  /// Where the last copy is.
  const std::string& path() const { return path_; }

 private:
  io::Disk& disk_;
  std::string directory_;
  std::string shard_name_;
  std::string path_;
  std::size_t count_ = 0;
};

}  // namespace lepus::persist
