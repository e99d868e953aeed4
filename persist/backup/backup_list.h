// backup.json, the list of what is in a backup. It is written last: a directory without it is no
// backup, but what is left of one that did not come to its end.
//
//   {"format":1,"lepus_version":…,"store":…,"created_ms":…,"unreadable_bytes":0,
//    "shards":[{"shard":0,"segments":[{"number":7,"file":3,"size":…,"bytes":…}, …]}, …]}
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "io/disk.h"
#include "persist/backup/journal_snapshot.h"

namespace lepus::persist {

/// The name of the file in a backup's directory.
inline constexpr const char* backup_list_file = "backup.json";

struct BackupList {
  std::uint64_t store = 0;       ///< Number of the data directory.
  std::uint64_t created_ms = 0;  ///< Since 1970; when the shards stood still.
  std::string version;           ///< Of the program that made it.
  std::uint64_t unreadable_bytes = 0;
  std::vector<JournalSnapshot> journals;  ///< By shard; their directories are not in the file.
};

/// Durable. Returns "" or what failed.
[[nodiscard]] std::string write_backup_list(io::Disk& disk, const std::string& directory,
                                            const BackupList& list);

/// Returns "" or why `directory` is no backup that this program can read.
[[nodiscard]] std::string read_backup_list(io::Disk& disk, const std::string& directory,
                                           BackupList& list);

}  // namespace lepus::persist
