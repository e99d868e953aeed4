// The files of one shard's journal: which file holds which segment, how much of each is still
// needed, the next file made ready ahead of its use, and files that are not needed any more.
//
//   spare:  none -> opening -> filling (a new file: zeros) -> syncing -> ready -> begin(): in use
//           a file freed before is only opened: it was filled once
//   in use -> dead (nothing in it is live, nor in any before it) -> after free_before(): free
//   free:   kept as a spare to come, or removed: a file of another size at once, others beyond a
//           reserve half of the excess each second, so that a backlog that comes and goes does not
//           fill files again and again
//
// Segments die strictly in order: a settle record is then never gone before the message it is
// about. A disk that is full delays the spare; it is tried again each second. What was made of it
// until then is removed: others may need that room.
#pragma once

#include <array>
#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <string>
#include <vector>

#include "core/base/log.h"
#include "core/limits.h"
#include "io/disk.h"
#include "io/loop.h"
#include "persist/journal/format.h"
#include "persist/journal/segment_files.h"

namespace lepus::persist {

/// Stands for a segment whose file is lost.
constexpr std::uint32_t no_file = UINT32_MAX;

/// Not a fault of the disk: there may be room, or a free descriptor, later.
inline bool is_no_room(int error) {
  return error == ENOSPC || error == EDQUOT || error == EMFILE || error == ENFILE ||
         error == ENOMEM;
}

struct Segment {
  std::uint64_t number = 0;
  std::uint32_t file = 0;
  std::uint64_t live_bytes = 0;  ///< Of records, once for each queue that still needs one.
  std::uint64_t size = 0;        ///< Of the file, bytes.
};

struct FreeFile {
  std::uint32_t number = 0;
  std::uint64_t size = 0;
};

class Segments {
 public:
  struct Parts {
    io::Loop* loop;
    io::Disk* disk;
    core::Log* log;
    std::string directory;
    std::uint64_t segment_size;  ///< A multiple of block_size.
  };
  /// What a restart found.
  struct Found {
    std::deque<Segment> in_use;  ///< Ascending, without a gap.
    std::vector<FreeFile> free;
    std::vector<std::uint32_t> unused;  ///< Indexes without a file.
    std::uint32_t file_count = 0;       ///< One above the highest file there is.
    std::uint64_t next_number = 1;
  };

  explicit Segments(Parts parts);
  ~Segments();
  /// Before the loop turns: makes the first spare, or waits for room. "" or what is wrong.
  std::string start(Found found);

  std::uint64_t first() const { return in_use_.empty() ? next_number_ : in_use_.front().number; }
  /// The journal says durably that everything before this one is dead.
  std::uint64_t first_durable() const { return first_durable_; }
  std::uint64_t next_number() const { return next_number_; }
  void add_live(std::uint64_t number, std::uint64_t bytes);
  void remove_live(std::uint64_t number, std::uint64_t bytes);
  std::uint64_t live_bytes() const { return live_bytes_; }
  std::uint64_t live_bytes(std::uint64_t number) { return find(number).live_bytes; }
  /// Of all files, bytes.
  std::uint64_t disk_bytes() const { return disk_bytes_; }
  /// Of the files from first() on.
  std::uint64_t in_use_bytes() const { return in_use_bytes_; }
  std::size_t in_use_count() const { return in_use_.size(); }
  std::size_t free_count() const { return free_.size(); }
  std::uint64_t size_of(std::uint64_t number) { return find(number).size; }
  std::string path_of(std::uint64_t number) {
    return segment_file_path(parts_.directory, find(number).file);
  }

  /// How files are opened here.
  bool is_direct() const { return direct_; }

  bool has_spare() const { return spare_ == Spare::ready; }
  /// Why making a spare failed several times in a row; 0: it did not, or there is just no room.
  int spare_error() const {
    return spare_failures_ >= core::limits::spare_failures_max ? spare_error_ : 0;
  }
  /// A new segment, to be written later: records can be counted in it.
  std::uint64_t add();
  /// The spare becomes the file of an added segment; its descriptor is the caller's.
  int begin(std::uint64_t number, std::uint64_t size_min);
  /// Makes a spare unless there is one. on_spare is called when it is ready.
  void prepare();
  void set_on_spare(void (*call)(void*), void* owner) {
    on_spare_ = call;
    on_spare_owner_ = owner;
  }
  /// Takes out the dead segments before `limit`; true: first() moved.
  bool take_reclaimable(std::uint64_t limit);
  /// The journal says durably that everything before `number` is dead: its files can be used.
  void free_before(std::uint64_t number);
  /// Once a turn: starts the removal of files that nobody needs.
  void shrink();

 private:
  enum class Spare : std::uint8_t { none, opening, filling, syncing, ready, waiting };

  Segment& find(std::uint64_t number);

  // segments_files.cpp
  FreeFile take_file();
  void drop_file(const FreeFile& file);
  void on_open(io::Op& op, const io::Completion& completion);
  void on_fill(io::Op& op, const io::Completion& completion);
  void on_sync(io::Op& op, const io::Completion& completion);
  void on_retry(io::Timer& timer);
  void fill_more();
  void spare_failed(int error);
  void spare_ready();
  std::size_t reserve_count() const;
  void on_shrink_timer(io::Timer& timer);
  void remove_next();
  void on_remove(io::Op& op, const io::Completion& completion);

  Parts parts_;
  std::deque<Segment> in_use_;
  std::deque<Segment> dead_;           ///< Not yet free.
  std::vector<FreeFile> free_;         ///< Each of segment_size.
  std::deque<FreeFile> dropped_;       ///< Files to be removed; the first is being removed.
  std::vector<std::uint32_t> unused_;  ///< Numbers without a file.
  std::uint32_t file_count_ = 0;
  std::uint64_t next_number_ = 1;
  std::uint64_t first_durable_ = 1;
  std::uint64_t live_bytes_ = 0;
  std::uint64_t in_use_bytes_ = 0;
  std::uint64_t disk_bytes_ = 0;
  int spare_error_ = 0;     ///< Of the last spare, other than no room.
  int spare_failures_ = 0;  ///< With it, one after the other.
  bool is_full_ = false;    ///< The file system has no room for another file; said once.

  Spare spare_ = Spare::none;
  FreeFile spare_file_;
  std::string spare_path_;
  bool direct_ = true;
  int spare_fd_ = -1;
  std::uint64_t filled_ = 0;
  io::Op op_;
  std::array<iovec, 8> zeros_iov_{};
  std::unique_ptr<std::uint8_t, void (*)(void*)> zeros_;
  io::Timer retry_timer_;
  io::Op remove_op_;
  std::string remove_path_;
  io::Timer shrink_timer_;
  void (*on_spare_)(void*) = nullptr;
  void* on_spare_owner_ = nullptr;
};

}  // namespace lepus::persist
