// The files of one shard's journal that hold no segment: free ones, which were filled once and wait
// for their next use, and those that are being removed.
//
//   put() -> free: of the size of a segment                 -> take(): the spare to come
//            beyond a reserve, half of the excess a second -> removed: their numbers are used again
//            of another size, or shared, at once            -> removed
//
// The index that a file has beside it is removed with it; a file that is used again keeps it until
// its next segment has one.
//
// A backlog that comes and goes does not fill files again and again so. The last free file is a
// reserve for a disk that is full: it is taken for acknowledgements, which make room, when no other
// file can be made.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <set>
#include <string>
#include <vector>

#include "core/base/log.h"
#include "io/disk.h"
#include "io/loop.h"
#include "persist/journal/segments/segment_table.h"

namespace lepus::persist {

struct FreeFile {
  std::uint32_t number = 0;
  std::uint64_t size = 0;  ///< Bytes; 0: it has to be made.
};

/// What the parts that handle segment files work with.
struct SegmentFileParts {
  io::Loop* loop;
  io::Disk* disk;
  core::Log* log;
  std::string directory;
  std::uint64_t segment_size;  ///< A multiple of block_size.
};

class FilePool {
 public:
  /// Both outlive it. The reserve is a share of the segments in use.
  FilePool(const SegmentFileParts& parts, const SegmentTable& segments);
  FilePool(const FilePool&) = delete;
  FilePool& operator=(const FilePool&) = delete;
  ~FilePool();

  struct Found {
    std::vector<FreeFile> free;
    std::vector<std::uint32_t> unused;  ///< Numbers without a file.
    std::uint32_t file_count = 0;       ///< One above the highest file there is.
    std::set<std::uint32_t> shared = {};  ///< As of share().
  };
  /// Before the loop turns, after the table has started: removes the files of another size.
  void start(Found found);

  /// A free file, or the number of one that is to be made; the reserve stays.
  FreeFile take();
  /// The reserve; there is one.
  FreeFile take_reserve();
  /// Nothing in the file is needed any more.
  void put(const FreeFile& file);
  /// Somebody else has the file too, under a name of his own: it must not be written again, and is
  /// removed here when nothing in it is needed any more.
  void share(std::uint32_t file) { shared_.insert(file); }
  bool has_reserve() const { return !free_.empty(); }
  /// Beside the reserve.
  bool has_free() const { return free_.size() > 1; }
  std::size_t free_count() const { return free_.size(); }
  /// Once a turn: starts the removal of files that nobody needs.
  void shrink();
  /// Starts the removal of a file that was put and is not of the size of a segment.
  void remove_next();
  /// A file has grown by so much.
  void add_disk_bytes(std::uint64_t bytes) { disk_bytes_ += bytes; }
  /// Of all files, also those of segments.
  std::uint64_t disk_bytes() const { return disk_bytes_; }

 private:
  std::size_t reserve_count() const;
  void on_shrink_timer(io::Timer& timer);
  void submit_remove(std::string path);
  void on_remove(io::Op& op, const io::Completion& completion);
  void on_index_removed(io::Op& op, const io::Completion& completion);

  const SegmentFileParts& parts_;
  const SegmentTable& segments_;
  std::vector<FreeFile> free_;         ///< Each of segment_size.
  std::deque<FreeFile> dropped_;       ///< To be removed; the first is being removed.
  std::vector<std::uint32_t> unused_;  ///< Numbers without a file.
  std::set<std::uint32_t> shared_;     ///< Numbers of files; see share().
  std::uint32_t file_count_ = 0;
  std::uint64_t disk_bytes_ = 0;
  io::Op remove_op_;
  std::string remove_path_;
  io::Timer shrink_timer_;
};

}  // namespace lepus::persist
