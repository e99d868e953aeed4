// How dead segments become free: what is said in which batch, and when their files may be used.
//
//   dead: watermarks in them are given up    -> the queues record theirs again, in the open batch
//   due: with the next turn, in that batch   -> truncate record
//   written: its batch is durable            -> Segments::free_before()
//
// A watermark must not be in a segment that is gone, so the truncate record is in the batch in
// which the broker repeated its watermarks, or a later one.
#pragma once

#include <cstdint>

#include "persist/journal/batch.h"
#include "persist/journal/segments/segments.h"

namespace lepus::persist {

class LogTruncation {
 public:
  /// `segments` outlives it.
  explicit LogTruncation(Segments& segments) : segments_(segments) {}

  /// Once a turn, before the open batch is closed: takes out dead segments before `first_written`,
  /// the segment of the oldest batch that is not durable. Nothing is given up before the queues are
  /// there again with their watermarks: one may lie before the message it is about, which was
  /// moved.
  void turn(std::uint64_t first_written);
  /// Something is due with the next turn.
  bool is_pending() const { return pending_log_start_ != 0; }
  /// A record is due in the open batch.
  bool is_due() const { return due_log_start_ != 0; }
  /// A record is written, and not durable yet.
  bool is_written() const { return written_batch_ != 0; }
  /// Writes the record if one is due.
  void write_to(Batch& batch);
  /// Everything up to this batch is durable.
  void on_durable(std::uint64_t batch);
  /// How many times watermarks were given up.
  std::uint64_t watermarks_lost() const { return watermarks_lost_; }

  static constexpr std::size_t record_size = sizeof(RecordHeader) + sizeof(std::uint64_t);

 private:
  Segments& segments_;
  // All before such a segment is dead; 0: nothing.
  std::uint64_t pending_log_start_ = 0;
  std::uint64_t due_log_start_ = 0;
  std::uint64_t written_log_start_ = 0;
  std::uint64_t written_batch_ = 0;  ///< That the last one is in; 0: it is durable.
  std::uint64_t watermarks_lost_ = 0;
};

}  // namespace lepus::persist
