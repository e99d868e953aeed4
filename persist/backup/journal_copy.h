// A shard's journal as it was at one moment (journal_snapshot.h) into a directory of the same form:
// whole segments as the file system can share them, the newest one by bytes.
//
//   reflink, or a second name of the file, or its bytes
//
// Blocking, on any thread, while the files stay as they are.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "persist/backup/file_copy.h"
#include "persist/backup/journal_snapshot.h"

namespace lepus::persist {

struct JournalCopyTally {
  std::uint64_t segments = 0;
  std::uint64_t bytes = 0;            ///< Of the segments, as far as they count.
  std::uint64_t copied_bytes = 0;     ///< The part of them that takes room of its own.
  std::vector<std::uint32_t> linked;  ///< Numbers of the files that got a second name.
};

class JournalCopy {
 public:
  /// What whole segments may share with those that they are copied from.
  enum class Sharing : std::uint8_t {
    file,    ///< Their blocks, or the file itself under a second name: nobody may write it again.
    blocks,  ///< Until one of both is written.
    none,
  };
  struct Parts {
    io::Disk* disk;
    CopyMonitor* monitor;
    UnreadableBytes* unreadable;
    Sharing sharing = Sharing::file;
  };
  /// All parts outlive it.
  explicit JournalCopy(const Parts& parts);

  /// Below `data_directory`, in which there is nothing of this shard. Returns "" or what failed;
  /// `tally` says in both cases what was done.
  [[nodiscard]] std::string copy(const JournalSnapshot& snapshot, const std::string& data_directory,
                                 JournalCopyTally& tally);

 private:
  std::string copy_segment(const SegmentSnapshot& segment, bool is_newest, JournalCopyTally& tally);
  bool share(const SegmentSnapshot& segment, JournalCopyTally& tally);
  void copy_index(std::uint32_t file);

  Parts parts_;
  FileCopy files_;
  std::string from_;  ///< Directories of the shard.
  std::string to_;
  bool may_clone_ = true;
  bool may_link_ = true;
};

}  // namespace lepus::persist
