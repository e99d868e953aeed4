// Ways that do not go are tried once: then the next one serves all other files, too.
#include "persist/backup/journal_copy.h"

#include <fmt/format.h>

#include <cstring>

#include "core/base/assert.h"

#include "persist/journal/index/segment_index_file.h"
#include "persist/journal/newest_segment_file.h"
#include "persist/journal/segment_files.h"

namespace lepus::persist {

JournalCopy::JournalCopy(const Parts& parts)
    : parts_(parts), files_(*parts.disk, *parts.monitor, *parts.unreadable) {
  may_clone_ = parts.sharing != Sharing::none;
  may_link_ = parts.sharing == Sharing::file;
}

std::string JournalCopy::copy(const JournalSnapshot& snapshot, const std::string& data_directory,
                              JournalCopyTally& tally) {
  CHECK(snapshot.directory != shard_directory(data_directory, snapshot.shard));
  from_ = snapshot.directory;
  to_ = shard_directory(data_directory, snapshot.shard);
  if (const int code = parts_.disk->make_directory(to_); code < 0)
    return fmt::format("cannot make {}: {}", to_, std::strerror(-code));
  for (const SegmentSnapshot& segment : snapshot.segments) {
    const bool is_newest = &segment == &snapshot.segments.back();
    if (std::string error = copy_segment(segment, is_newest, tally); !error.empty()) return error;
  }
  if (snapshot.segments.empty()) return {};
  const int code = write_newest_segment(*parts_.disk, to_, {snapshot.shard, snapshot.store},
                                        snapshot.segments.back().number);
  if (code < 0)
    return fmt::format("cannot write {}/{}: {}", to_, newest_segment_file, std::strerror(-code));
  return {};
}

/// A start writes into the newest segment's file, so nobody else may have that one.
std::string JournalCopy::copy_segment(const SegmentSnapshot& segment, bool is_newest,
                                      JournalCopyTally& tally) {
  CHECK(segment.bytes > 0);
  CHECK(is_newest || segment.bytes == segment.size);
  ++tally.segments;
  tally.bytes += segment.bytes;
  const bool is_shared = !is_newest && share(segment, tally);
  if (!is_shared) {
    tally.copied_bytes += segment.bytes;
    std::string error =
        files_.copy({segment_file_path(from_, segment.file), segment_file_path(to_, segment.file),
                     segment.bytes, segment.size});
    if (!error.empty()) return error;
  } else if (!parts_.monitor->on_copied(segment.bytes)) {
    return copy_stopped;
  }
  if (!is_newest) copy_index(segment.file);
  return {};
}

bool JournalCopy::share(const SegmentSnapshot& segment, JournalCopyTally& tally) {
  const std::string from = segment_file_path(from_, segment.file);
  const std::string to = segment_file_path(to_, segment.file);
  may_clone_ = may_clone_ && parts_.disk->clone(from, to) == 0;
  if (may_clone_) return true;
  may_link_ = may_link_ && parts_.disk->link(from, to) == 0;
  if (may_link_) tally.linked.push_back(segment.file);
  return may_link_;
}

/// Its file is written again with the next use of the segment's, so it is copied; without it the
/// segment is read.
void JournalCopy::copy_index(std::uint32_t file) {
  const std::vector<std::uint8_t> bytes =
      read_segment_index(*parts_.disk, segment_index_path(from_, file));
  if (!bytes.empty()) (void)write_segment_index(*parts_.disk, to_, file, bytes);
}

}  // namespace lepus::persist
