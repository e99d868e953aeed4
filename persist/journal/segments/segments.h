// The files of one shard's journal and the segments in them. The parts are divided by what they
// know: the table which segments there are, the pool which files are free, the spare how a file is
// made. This is what takes more than one of them.
//
//   pool -> spare -> begin(): a segment in use -> dead -> free_before(): pool
#pragma once

#include <cstdint>
#include <deque>
#include <set>
#include <span>
#include <string>
#include <vector>

#include "persist/journal/segments/file_pool.h"
#include "persist/journal/segments/segment_table.h"
#include "persist/journal/segments/spare_file.h"

namespace lepus::persist {

class Segments {
 public:
  using Parts = SegmentFileParts;
  /// What a restart found.
  struct Found {
    std::deque<Segment> in_use;  ///< Ascending, without a gap.
    std::vector<FreeFile> free;
    std::vector<std::uint32_t> unused;  ///< Numbers without a file.
    std::uint32_t file_count = 0;       ///< One above the highest file there is.
    std::uint64_t next_number = 1;
    std::set<std::uint32_t> shared = {};  ///< Numbers of files, as of FilePool::share().
  };

  explicit Segments(Parts parts);
  Segments(const Segments&) = delete;
  Segments& operator=(const Segments&) = delete;
  /// Before the loop turns: makes the first spare, or waits for room. "" or what is wrong.
  std::string start(Found found);

  SegmentTable& table() { return table_; }
  const SegmentTable& table() const { return table_; }
  SpareFile& spare() { return spare_; }
  const SpareFile& spare() const { return spare_; }
  const FilePool& pool() const { return pool_; }

  /// The spare becomes the file of an added segment, which will have at least `size_min` bytes. The
  /// descriptor is the caller's.
  int begin(std::uint64_t number, std::uint64_t size_min);
  /// The journal says durably that everything before `number` is dead: its files can be used.
  void free_before(std::uint64_t number);
  /// From now on no file becomes free: somebody reads those that are not.
  void hold_files();
  /// Files become free again, and those that would have been. `shared`: as of FilePool::share().
  void release_files(std::span<const std::uint32_t> shared);
  /// Once a turn: starts the removal of files that nobody needs.
  void shrink() { pool_.shrink(); }

 private:
  Parts parts_;
  SegmentTable table_;
  FilePool pool_;
  SpareFile spare_;
  bool holds_files_ = false;
  std::vector<FreeFile> held_;  ///< Files that are to become free.
};

}  // namespace lepus::persist
