// The descriptors of the segments that a journal writes, beside the writes themselves: the current
// file, and sealed ones until they are closed. With a SyncMode other than always this is where what
// was written is synced: each sealed file before it is closed, the current one every interval, or
// when somebody needs it.
//
//   enter() -> current -> enter() of the next one: left -> [sync] -> close       one op at a time
//   on_written() ... -> [sync] -> synced()
#pragma once

#include <cstdint>
#include <deque>

#include "io/loop.h"
#include "persist/journal/journal_parts.h"

namespace lepus::persist {

class JournalFiles {
 public:
  /// Both outlive it. Nothing is begun while `batch_sync`, the sync of a batch or of a header, is
  /// in flight.
  JournalFiles(const JournalParts& parts, const io::Op& batch_sync);
  JournalFiles(const JournalFiles&) = delete;
  JournalFiles& operator=(const JournalFiles&) = delete;
  ~JournalFiles();

  /// `call` is told when synced() has grown, from the loop.
  void set_on_synced(void (*call)(void* owner), void* owner) { on_synced_ = {call, owner}; }

  /// The segment that is written now, and the descriptor of its file; 0 and -1: none.
  std::uint64_t segment() const { return segment_; }
  int fd() const { return fd_; }
  /// `fd`, of the file of `segment`, is owned by this from now on. The file before is sealed, and
  /// no write to it is under way.
  void enter(std::uint64_t segment, int fd);
  /// A batch was written to the current file; all up to batch `complete` are written whole.
  void on_written(std::uint64_t complete);
  /// What is written so far is to be synced soon. Not with SyncMode::always.
  void want_sync();
  /// Everything up to this batch was synced here. Not with SyncMode::always.
  std::uint64_t synced() const { return synced_; }

 private:
  struct LeftFile {
    int fd;
    bool is_unsynced;
    std::uint64_t complete;
  };
  struct OnSynced {
    void (*call)(void* owner) = nullptr;
    void* owner = nullptr;
  };

  void pump();
  void submit_close();
  void submit_sync(int fd, std::uint64_t complete);
  void on_close(io::Op& op, const io::Completion& completion);
  void on_sync_timer(io::Timer& timer);
  void on_sync(io::Op& op, const io::Completion& completion);

  const JournalParts& parts_;
  const io::Op& batch_sync_;
  std::uint64_t segment_ = 0;
  int fd_ = -1;
  std::deque<LeftFile> left_;  ///< Of sealed segments, still open; oldest first.
  bool is_unsynced_ = false;   ///< Written to the current file since a sync of it began.
  bool is_sync_wanted_ = false;
  std::uint64_t complete_ = 0;  ///< The last batch that is written whole.
  std::uint64_t syncing_ = 0;   ///< The same, when the sync in flight began.
  std::uint64_t synced_ = 0;
  io::Op close_op_;
  io::Op sync_op_;
  io::Timer sync_timer_;
  OnSynced on_synced_;
};

}  // namespace lepus::persist
