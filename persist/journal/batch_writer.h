// How batches come to the disk: the oldest first, one write at a time, segments entered on the way.
//
//   idle -> writing: header block first in a new segment, with a sync, then the rest, with a sync
//           in SyncMode::always -> idle, the batch is durable
//   idle -> waiting_for_file -> idle          no spare yet: on_spare()
//   writing <-> waiting_for_room              the disk is full: tried again each second
//
// While the disk is full, acknowledgements wait for each other, up to a second: a batch takes a
// block at least, and one for each of them would take more than they make free.
//
// The header is synced in every mode: else a power cut could leave batches behind the header of an
// older use of the file, and the next start begin again with their sequences.
//
// While one batch is being written the next one fills, however many turns that takes: group commit
// without a timer under load, and no wait when idle.
//
// For a backup the writer can be frozen for a moment (backup/backup_hold.h): the disk then has what
// durable() says, and nothing of what comes behind it counts.
//
// With SyncMode::always a batch is a direct write and then an fdatasync. O_DSYNC would do both in
// one, but finishes in a kernel worker that is bound to one CPU: with other work there a batch took
// 2 to 8 ms in place of 0.2 to 0.6. A write or sync that fails ends the process (fail_journal()):
// what the kernel still holds is not known then. No room on the disk is different: it is waited
// for, and publishers with it.
#pragma once

#include <cstddef>
#include <cstdint>

#include "io/loop.h"
#include "persist/journal/batch_queue.h"
#include "persist/journal/index/segment_index_writer.h"
#include "persist/journal/journal_files.h"
#include "persist/journal/journal_parts.h"
#include "persist/journal/log_truncation.h"
#include "persist/journal/newest_segment_file.h"
#include "persist/journal/record_clock.h"
#include "persist/journal/segments/segments.h"

namespace lepus::persist {

class BatchWriter {
 public:
  /// What it works with; all outlive it.
  struct Parts {
    const JournalParts* journal;
    Segments* segments;
    BatchQueue* batches;
    LogTruncation* truncation;
    RecordClock* clock;
    core::JournalCounts* counts;
  };
  explicit BatchWriter(const Parts& parts);
  BatchWriter(const BatchWriter&) = delete;
  BatchWriter& operator=(const BatchWriter&) = delete;
  ~BatchWriter();
  /// Before the loop turns, after the segments. A restart found `newest_segment`.
  void start(std::uint64_t newest_segment);

  /// Once a turn: starts what may be written now, and fails when there will be no file for it.
  void turn();
  /// A turn would start something. Not while a write is under way, or waits.
  bool has_work() const;
  /// While told so, no write begins; one under way is finished. What is recorded waits.
  void freeze(bool is_frozen) { is_frozen_ = is_frozen; }
  /// Nothing of it is under way to the disk.
  bool is_at_rest() const { return !write_op_.in_flight && !sync_op_.in_flight; }
  /// A write waits for room or for a file.
  bool is_stuck() const {
    return state_ == State::waiting_for_file || state_ == State::waiting_for_room;
  }
  /// Which segment was begun last, and with a SyncMode other than always what is on the disk.
  const JournalFiles& files() const { return files_; }
  const SegmentIndexWriter& indexes() const { return indexes_; }

 private:
  enum class State : std::uint8_t { idle, writing, waiting_for_file, waiting_for_room };

  void advance();
  bool may_wait() const;
  void on_hold_timer(io::Timer&) {}  ///< The next turn looks.
  void start_write();
  bool enter_segment(Batch& batch);
  void on_spare();
  void write_rest();
  void on_write(io::Op& op, const io::Completion& completion);
  void write_failed(int error);
  void on_retry(io::Timer& timer);
  void on_sync(io::Op& op, const io::Completion& completion);
  void on_files_synced();
  void on_durable();
  void finish_write();

  Parts parts_;
  io::Op sync_op_;  ///< Of the batch under way: SyncMode::always, or its header.
  JournalFiles files_;
  NewestSegmentFile newest_file_;
  SegmentIndexWriter indexes_;
  State state_ = State::idle;
  bool is_frozen_ = false;
  std::size_t written_ = 0;  ///< Of the batch under way.
  io::Op write_op_;
  iovec write_iov_{};
  io::Timer retry_timer_;
  core::Nanos sync_began_at_ = 0;
  io::Timer hold_timer_;        ///< Armed while the open batch waits for more.
  core::Nanos held_since_ = 0;  ///< 0: it does not.
};

}  // namespace lepus::persist
