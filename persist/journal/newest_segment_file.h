// How far a journal has come, in a small file beside its segments, so that the next start notices
// when the newest segment files are missing, also after a kill: a journal without them would look
// like one that simply ends earlier.
//
//   <directory>/newest    one block: which segment was the newest whose header is durable
//
// It is written once a segment, through the loop, after that segment's first batch is durable and
// beside the message path: it never says more than the disk holds, and a crash in between leaves
// what it said before. It is a help, not a promise: when it cannot be written or read, the journal
// works without it, and the catalog still knows the segment of the last start or clean stop.
#pragma once

#include <cstdint>
#include <cstdlib>
#include <memory>
#include <string>

#include "core/base/log.h"
#include "io/disk.h"
#include "io/loop.h"

namespace lepus::persist {

/// The name of the file in the directory of a shard.
inline constexpr const char* newest_segment_file = "newest";

/// Whose journal it is.
struct JournalIdentity {
  std::uint32_t shard = 0;
  std::uint64_t store = 0;  ///< Number of the data directory.
};

/// Returns the number of the newest segment that the file in `directory` names; 0 when there is no
/// such file, or it is damaged or of another journal.
std::uint64_t read_newest_segment(io::Disk& disk, const std::string& directory,
                                  const JournalIdentity& identity);

/// Makes such a file, durable; 0 or -errno. For copies of a journal.
int write_newest_segment(io::Disk& disk, const std::string& directory,
                         const JournalIdentity& identity, std::uint64_t segment);

class NewestSegmentFile {
 public:
  NewestSegmentFile(io::Loop& loop, io::Disk& disk, core::Log& log);
  ~NewestSegmentFile();
  NewestSegmentFile(const NewestSegmentFile&) = delete;
  NewestSegmentFile& operator=(const NewestSegmentFile&) = delete;

  /// Makes the file when it is missing and writes `segment` to it when it says something else.
  /// Blocking; before the loop turns. What fails is logged.
  void open(const std::string& directory, const JournalIdentity& identity, std::uint64_t segment);
  /// The header of `segment` is durable. The write goes through the loop; of several calls while
  /// one is under way the last counts.
  void note(std::uint64_t segment);

 private:
  void encode(std::uint64_t segment);
  void start_write();
  void on_write(io::Op& op, const io::Completion& completion);
  void fail(const char* label, int error);

  struct Free {
    void operator()(std::uint8_t* bytes) const { std::free(bytes); }
  };

  io::Loop& loop_;
  io::Disk& disk_;
  core::Log& log_;
  std::string path_;
  JournalIdentity identity_;
  int fd_ = -1;
  std::unique_ptr<std::uint8_t, Free> block_;
  std::uint64_t wanted_ = 0;   ///< The last that was noted.
  std::uint64_t written_ = 0;  ///< In the file, or on its way there.
  bool has_failed_ = false;    ///< Was logged; nothing is written any more.
  io::Op op_;
  iovec iov_{};
};

}  // namespace lepus::persist
