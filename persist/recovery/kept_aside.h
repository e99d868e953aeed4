// Messages that an accepted loss would drop are kept aside first. When the catalog is older than
// the journals, they hold messages of queues that the catalog never had; the operator may start
// without them (persist/journal/journal_check.h), and then their records are copied:
//
//   <data_dir>/journal/kept-aside-20261129T032019Z/journal/shard-0/000000.seg
//                                                                  000001.seg ...
//
// Files of a journal whose header is damaged while their records may be needed go there as well:
// lost-header-shard-0-000003.seg. What they hold is not replayed, as their place in the order is
// not known, and a later start could take them for free files.
//
// Such a directory has the form of a data directory without a catalog: its files are segments, each
// sealed, so lepus-journal reads it like any other. The broker never looks at it again. A file's
// header is written last: a copy that was cut short has a file that counts as unused.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "core/base/log.h"
#include "core/limits.h"
#include "io/disk.h"
#include "persist/recovery/known_queues.h"
#include "persist/recovery/recovery.h"

namespace lepus::persist {

/// Returns the path of a directory below `data_directory` that does not exist yet, named after the
/// time `now_s`, seconds since 1970. Nothing is made.
std::string new_kept_aside_directory(io::Disk& disk, const std::string& data_directory,
                                     std::uint64_t now_s);

/// Returns the paths of all such directories, oldest first. `error` is set when the directory of
/// the journals cannot be listed; that it does not exist is no error.
std::vector<std::string> list_kept_aside(io::Disk& disk, const std::string& data_directory,
                                         std::string& error);

/// Returns the queues with live messages in `report` that the catalog never had, ascending.
std::vector<std::uint64_t> find_unknown_queues(const RecoveryReport& report,
                                               const KnownQueues& known);

struct KeptAside {
  std::uint64_t queue_count = 0;
  std::uint64_t message_count = 0;     ///< Copied, durably.
  std::uint64_t unreadable_count = 0;  ///< Records that the disk has damaged since recovery.
  std::string first_unreadable;        ///< What is wrong with the first of these.
  std::string error;  ///< Empty, or why not everything was copied that can be read.
};

struct KeepAside {
  std::string source;  ///< The shard's journal, which `report` is of.
  std::string target;  ///< As of new_kept_aside_directory().
  std::uint32_t shard = 0;
  std::uint64_t store = 0;  ///< Number of the data directory.
  /// A file with more than one record is not larger, bytes.
  std::uint64_t file_size = core::limits::kept_aside_file_size;
};

/// Copies the live messages of `queues` and makes the copies durable. Blocking. The journal is only
/// read. A target that holds files already is an error: nothing is written over.
[[nodiscard]] KeptAside keep_aside(io::Disk& disk, const RecoveryReport& report,
                                   const std::vector<std::uint64_t>& queues,
                                   const KeepAside& options);

/// Moves files whose header is lost (SegmentFileState::kept) into the target, as
/// lost-header-shard-0-000003.seg, so that no later start takes them for free ones, and takes them
/// out of `files`. Returns "" or why the broker must not start.
[[nodiscard]] std::string move_lost_headers(io::Disk& disk, core::Log& log,
                                            std::vector<SegmentFile>& files,
                                            const KeepAside& options);

/// Logs where the copies are and what could not be copied. Returns "" or, when the copy is not
/// complete, why the broker must not start.
[[nodiscard]] std::string log_kept_aside(core::Log& log, const KeptAside& result,
                                         const KeepAside& options);

}  // namespace lepus::persist
