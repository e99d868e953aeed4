// The next file of a journal, made ready ahead of its use.
//
//   none -> opening -> filling (a new file: zeros) -> syncing -> ready -> take(): none
//           a file that was free is only opened: it was filled once
//
// The first one that is made while a journal runs becomes the pool's reserve, and another one is
// made. A disk that is full delays it (waiting); it is tried again each second, or when a file
// becomes free. What was made of it until then is removed: others may need that room. The reserve
// is taken when a batch waits for a file then.
#pragma once

#include <cerrno>
#include <cstdint>
#include <string>

#include "core/limits.h"
#include "io/loop.h"
#include "persist/journal/segments/file_pool.h"
#include "persist/journal/segments/zero_fill.h"

namespace lepus::persist {

/// Not a fault of the disk: there may be room, or a free descriptor, later.
inline bool is_no_room(int error) {
  return error == ENOSPC || error == EDQUOT || error == EMFILE || error == ENFILE ||
         error == ENOMEM;
}

class SpareFile {
 public:
  /// Both outlive it.
  SpareFile(const SegmentFileParts& parts, FilePool& pool);
  SpareFile(const SpareFile&) = delete;
  SpareFile& operator=(const SpareFile&) = delete;
  ~SpareFile();

  /// Before the loop turns: makes the first one, or waits for room. Returns "" or what is wrong.
  std::string start();
  /// Makes one, after a reserve for the pool if that has none; unless there is one or one is under
  /// way, which is then not for the reserve.
  void prepare();
  bool is_ready() const { return state_ == State::ready; }
  /// The last one could not be made, for want of room or of a descriptor, and none was since.
  bool lacks_room() const { return is_full_; }
  struct Opened {
    FreeFile file;
    int fd;  ///< The caller's from now on.
  };
  /// The one that is ready.
  Opened take();
  /// `call` is told whenever one is ready, from the loop.
  void set_on_ready(void (*call)(void* owner), void* owner) { on_ready_ = {call, owner}; }
  /// While this waits for room: there may be a free file now.
  void try_free_file();
  /// While this waits for room, and a batch for a file: the reserve is made ready, if there is one.
  void use_reserve();
  /// Why making one failed several times in a row; 0: it did not, or there is just no room.
  int error() const {
    return failures_.count >= core::limits::spare_failures_max ? failures_.error : 0;
  }
  /// How files are opened here.
  bool is_direct() const { return is_direct_; }

 private:
  enum class State : std::uint8_t { none, opening, filling, syncing, ready, waiting };
  /// What the file that is being made ready is.
  enum class Use : std::uint8_t { spare, next_reserve, last_reserve };
  /// Of making files, other than for want of room.
  struct Failures {
    int error = 0;  ///< Of the last one.
    int count = 0;  ///< One after the other.
  };
  struct OnReady {
    void (*call)(void* owner) = nullptr;
    void* owner = nullptr;
  };

  void on_open(io::Op& op, const io::Completion& completion);
  void open(const FreeFile& file);
  void fill_more();
  void on_fill(io::Op& op, const io::Completion& completion);
  void on_sync(io::Op& op, const io::Completion& completion);
  void become_ready();
  void fail(int error);
  void on_retry(io::Timer& timer);

  const SegmentFileParts& parts_;
  FilePool& pool_;
  State state_ = State::none;
  FreeFile file_;
  Use use_ = Use::spare;
  std::string path_;
  bool is_direct_ = true;
  int fd_ = -1;
  ZeroFill zeros_;
  io::Op op_;
  io::Timer retry_timer_;
  Failures failures_;
  bool is_full_ = false;  ///< See lacks_room(); said once.
  OnReady on_ready_;
};

}  // namespace lepus::persist
