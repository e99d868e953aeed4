// Files are cloned where the file system can do that, else copied, and never linked: the broker
// will write into them, and the backup stays what it is.
#include "persist/backup/restore.h"

#include <fmt/format.h>

#include <cerrno>
#include <cstring>
#include <vector>

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
    std::vector<std::string> names;
    const int listed = disk_.list(target, names);
    if (listed < 0 && listed != -ENOENT)
      return fmt::format("cannot look into {}: {}", target, std::strerror(-listed));
    if (!names.empty())
      return fmt::format(
          "{} is not empty ({} is in it): move it away, or restore into another directory", target,
          names.front());
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
std::string check_journal_end(io::Disk& disk, const std::string& data_directory,
                              const JournalSnapshot& journal) {
  if (journal.segments.empty()) return {};
  const SegmentSnapshot& newest = journal.segments.back();
  static const TimedQueues no_times;
  const std::string directory = shard_directory(data_directory, journal.shard);
  const RecoveryReport report =
      recover(disk, directory, {.shard = journal.shard, .timed_queues = &no_times});
  const JournalTail& tail = report.tail;
  const bool is_whole = tail.sealed || tail.end_offset + block_size > newest.bytes;
  if (tail.segment == newest.number && is_whole) return {};
  return fmt::format(
      "{}: the backup had segment {} up to byte {}, this is segment {} up to byte {}", directory,
      newest.number, newest.bytes, tail.segment, tail.end_offset);
}

std::string restore_backup(const RestoreOrder& order, BackupList& list,
                           UnreadableBytes& unreadable) {
  return Restore{order, unreadable}(list);
}

}  // namespace lepus::persist
