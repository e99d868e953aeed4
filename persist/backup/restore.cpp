// Files are cloned where the file system can do that, else copied, and never linked: the broker
// will write into them, and the backup stays what it is.
#include "persist/backup/restore.h"

#include <fmt/format.h>

#include <cstring>

#include "persist/backup/empty_directory.h"
#include "persist/backup/journal_copy.h"
#include "persist/journal/segment_files.h"
#include "persist/recovery/recovery.h"

namespace lepus::persist {

namespace {

constexpr const char* catalog_file = "catalog.sqlite";

class Restore {
 public:
  Restore(const RestoreOrder& order, UnreadableBytes& unreadable)
      : order_(order), disk_(*order.disk), unreadable_(unreadable) {}

  std::string operator()(BackupList& list) {
    if (std::string error = read_backup_list(disk_, order_.backup, list); !error.empty())
      return error;
    if (std::string error = check_target(); !error.empty()) return error;
    if (std::string error = copy_catalog(); !error.empty()) return error;
    return copy_journals(list);
  }

 private:
  std::string check_target() {
    const std::string& target = order_.data_directory;
    if (std::string error = check_is_empty(disk_, target); !error.empty()) return error;
    const int made = disk_.make_directory(target);
    return made == 0 ? "" : fmt::format("cannot make {}: {}", target, std::strerror(-made));
  }

  std::string copy_catalog() {
    const std::string from = order_.backup + "/" + catalog_file;
    const int fd = disk_.open(from, {});
    if (fd < 0) return fmt::format("cannot read {}: {}", from, std::strerror(-fd));
    const std::int64_t size = disk_.size(fd);
    disk_.close(fd);
    if (size < 0)
      return fmt::format("cannot read {}: {}", from, std::strerror(static_cast<int>(-size)));
    const auto whole = static_cast<std::uint64_t>(size);
    return FileCopy{disk_, *order_.monitor, unreadable_}.copy(
        {from, order_.data_directory + "/" + catalog_file, whole, whole});
  }

  std::string copy_journals(const BackupList& list) {
    JournalCopy copy({&disk_, order_.monitor, &unreadable_, JournalCopy::Sharing::blocks});
    JournalCopyTally tally;
    for (JournalSnapshot journal : list.journals) {
      journal.directory = shard_directory(order_.backup, journal.shard);
      std::string error = copy.copy(journal, order_.data_directory, tally);
      if (!error.empty()) return error;
    }
    return {};
  }

  const RestoreOrder& order_;
  io::Disk& disk_;
  UnreadableBytes& unreadable_;
};

}  // namespace

/// Batches end at a block, and the last record in the last one of them.
std::string check_journal_end(const JournalTail& tail, const JournalSnapshot& journal) {
  if (journal.segments.empty()) return {};
  const SegmentSnapshot& newest = journal.segments.back();
  const bool is_whole = tail.sealed || tail.end_offset + block_size > newest.bytes;
  if (tail.segment == newest.number && is_whole) return {};
  return fmt::format(
      "shard {}: the backup had segment {} up to byte {}, this is segment {} up to byte {}",
      journal.shard, newest.number, newest.bytes, tail.segment, tail.end_offset);
}

std::string restore_backup(const RestoreOrder& order, BackupList& list,
                           UnreadableBytes& unreadable) {
  return Restore{order, unreadable}(list);
}

}  // namespace lepus::persist
