// The indexes of the segments that a running journal leaves. The records are told to a builder
// while their batches are closed; once the next segment begins, the index is written by ops, beside
// the batches and one index at a time.
//
//   batch_builder(): first batch of the next segment -> finished -> waiting -> write_next()
//   idle -> opening -> writing -> closing -> idle
//       -> syncing the segment (journal.sync other than always) -> opening
//   any that fails -> closing -> removing -> idle                said once, but for lack of room
//
// An index is written only when all that it says is durable: the last batch of its segment was
// synced (SyncMode::always), else the segment's file is synced first. Segments that are dead by
// then get none. The index itself is not synced (persist/journal/index/segment_index_file.h).
#pragma once

#include <cstdint>
#include <deque>
#include <string>
#include <vector>

#include "io/loop.h"
#include "persist/journal/batch.h"
#include "persist/journal/index/segment_index_builder.h"
#include "persist/journal/journal_parts.h"
#include "persist/journal/segments/segment_table.h"

namespace lepus::persist {

class SegmentIndexWriter {
 public:
  /// Both outlive it.
  SegmentIndexWriter(const JournalParts& parts, const SegmentTable& segments);
  SegmentIndexWriter(const SegmentIndexWriter&) = delete;
  SegmentIndexWriter& operator=(const SegmentIndexWriter&) = delete;
  ~SegmentIndexWriter();

  /// Whom to tell of the records of `batch`, which is about to be closed; what was told of the
  /// segment before is done with when this begins another. All batches before are written.
  SegmentIndexBuilder& batch_builder(const Batch& batch);
  /// The segment that was begun has this file.
  void set_file(std::uint32_t file) { file_ = file; }

  /// Written since the start.
  std::uint64_t written_count() const { return written_count_; }
  std::uint64_t memory_bytes() const;

 private:
  enum class State : std::uint8_t {
    idle,
    opening_segment,
    syncing,
    opening,
    writing,
    closing,
    removing
  };
  struct Index {
    std::uint64_t segment = 0;
    std::uint32_t file = 0;
    std::vector<std::uint8_t> bytes;
  };

  void finish_segment();
  void write_next();
  void submit(State state, io::OpKind kind);
  void open_file(State state, const std::string& path, const io::OpenMode& mode);
  void submit_write();
  void on_op(io::Op& op, const io::Completion& completion);
  void on_opened(int fd);
  void on_written(std::int32_t size);
  void on_closed();
  void fail(int error);

  const JournalParts& parts_;
  const SegmentTable& segments_;
  SegmentIndexBuilder builder_;
  std::uint32_t file_ = 0;     ///< Of the segment that is told of.
  std::deque<Index> waiting_;  ///< The first is being written, when there is an op.
  State state_ = State::idle;
  io::Op op_;
  iovec iov_{};
  std::string path_;
  std::size_t written_ = 0;
  int fd_ = -1;
  bool has_failed_ = false;  ///< The one that is being written.
  bool was_logged_ = false;
  std::uint64_t written_count_ = 0;
};

}  // namespace lepus::persist
