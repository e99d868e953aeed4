// The descriptors of the segments that a journal writes, beside the writes themselves: the current
// file, and sealed ones until they are closed. With SyncMode::interval what was written is synced
// here, every interval, and each sealed file before it is closed.
//
//   enter() -> current -> enter() of the next one: left -> [sync] -> close       one op of a kind
#pragma once

#include <cstdint>
#include <deque>

#include "io/loop.h"
#include "persist/journal/journal_parts.h"

namespace lepus::persist {

class JournalFiles {
 public:
  /// Both outlive it. No close is begun while `batch_sync`, the sync of a batch, is in flight.
  JournalFiles(const JournalParts& parts, const io::Op& batch_sync);
  JournalFiles(const JournalFiles&) = delete;
  JournalFiles& operator=(const JournalFiles&) = delete;
  ~JournalFiles();

  /// The segment that is written now, and the descriptor of its file; 0 and -1: none.
  std::uint64_t segment() const { return segment_; }
  int fd() const { return fd_; }
  /// `fd`, of the file of `segment`, is owned by this from now on. The file before is sealed.
  void enter(std::uint64_t segment, int fd);
  /// A batch was written to the current file.
  void on_written();

 private:
  void close_left();
  void submit_close();
  void on_close(io::Op& op, const io::Completion& completion);
  void submit_sync(int fd);
  void on_sync_timer(io::Timer& timer);
  void on_sync(io::Op& op, const io::Completion& completion);
  void arm_sync_timer();

  const JournalParts& parts_;
  const io::Op& batch_sync_;
  std::uint64_t segment_ = 0;
  int fd_ = -1;
  std::deque<int> left_;      ///< Files of sealed segments, still open.
  bool is_unsynced_ = false;  ///< SyncMode::interval: written since the last sync.
  io::Op close_op_;
  io::Op sync_op_;
  io::Timer sync_timer_;
};

}  // namespace lepus::persist
