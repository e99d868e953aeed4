// Files are cloned where the file system can do that, else copied, and never linked: the broker
// will write into them, and the backup stays what it is.
#include "persist/backup/restore.h"

#include <fmt/format.h>

#include <cerrno>
#include <cstring>
#include <vector>

#include "core/base/assert.h"
#include "persist/journal/index/segment_index_file.h"
#include "persist/journal/newest_segment_file.h"
#include "persist/journal/segment_files.h"
#include "persist/recovery/recovery.h"

namespace lepus::persist {

namespace {

constexpr const char* catalog_file = "catalog.sqlite";

class Restore {
 public:
  Restore(const RestoreOrder& order, UnreadableBytes& unreadable)
      : order_(order), disk_(*order.disk), files_(disk_, *order.monitor, unreadable) {}

  std::string operator()(BackupList& list) {
    if (std::string error = read_backup_list(disk_, order_.backup, list); !error.empty())
      return error;
    if (std::string error = check_target(); !error.empty()) return error;
    if (std::string error = copy_whole(order_.backup + "/" + catalog_file,
                                       order_.data_directory + "/" + catalog_file);
        !error.empty())
      return error;
    for (const JournalSnapshot& journal : list.journals)
      if (std::string error = copy_journal(journal); !error.empty()) return error;
    return {};
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

  std::string copy_whole(const std::string& from, const std::string& to) {
    CHECK(from != to);
    const int fd = disk_.open(from, {});
    if (fd < 0) return fmt::format("cannot read {}: {}", from, std::strerror(-fd));
    const std::int64_t size = disk_.size(fd);
    disk_.close(fd);
    if (size < 0)
      return fmt::format("cannot read {}: {}", from, std::strerror(static_cast<int>(-size)));
    return files_.copy(
        {from, to, static_cast<std::uint64_t>(size), static_cast<std::uint64_t>(size)});
  }

  std::string copy_journal(const JournalSnapshot& journal) {
    const std::string from = shard_directory(order_.backup, journal.shard);
    const std::string to = shard_directory(order_.data_directory, journal.shard);
    if (const int code = disk_.make_directory(to); code < 0)
      return fmt::format("cannot make {}: {}", to, std::strerror(-code));
    for (const SegmentSnapshot& segment : journal.segments)
      if (std::string error = copy_segment(segment, from, to); !error.empty()) return error;
    if (journal.segments.empty()) return {};
    return copy_whole(from + "/" + newest_segment_file, to + "/" + newest_segment_file);
  }

  std::string copy_segment(const SegmentSnapshot& segment, const std::string& from,
                           const std::string& to) {
    const std::string source = segment_file_path(from, segment.file);
    const std::string target = segment_file_path(to, segment.file);
    may_clone_ = may_clone_ && disk_.clone(source, target) == 0;
    if (!may_clone_) {
      std::string error = files_.copy({source, target, segment.bytes, segment.size});
      if (!error.empty()) return error;
    } else if (!order_.monitor->on_copied(segment.bytes)) {
      return copy_stopped;
    }
    const auto index = read_segment_index(disk_, segment_index_path(from, segment.file));
    if (!index.empty()) (void)write_segment_index(disk_, to, segment.file, index);
    return {};
  }

  const RestoreOrder& order_;
  io::Disk& disk_;
  FileCopy files_;
  bool may_clone_ = true;
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
