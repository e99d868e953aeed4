// The batches of a journal that are not durable yet, and the rules for where one ends.
//
//   | being written | closed, for the next segments ... | open |
//     front()                                             open()
//
// A batch that fills its segment ends there with a seal and goes on in the next one; recovery takes
// the parts of a batch that spans segments together or not at all.
#pragma once

#include <cstdint>
#include <deque>
#include <memory>

#include "core/broker/ports.h"
#include "persist/journal/batch.h"
#include "persist/journal/gathered_records.h"
#include "persist/journal/log_truncation.h"
#include "persist/journal/segments/segment_table.h"

namespace lepus::persist {

class BatchQueue {
 public:
  struct Parts {
    SegmentTable* segments;
    LogTruncation* truncation;
    std::uint64_t segment_size;
  };
  explicit BatchQueue(const Parts& parts) : parts_(parts) {}
  /// Opens the first batch, in a new segment. Its first record gets `sequence`.
  void start(std::uint64_t sequence);

  // What is recorded.
  Batch& open() { return *batches_.back(); }
  const Batch& open() const { return *batches_.back(); }
  GatheredRecords& gathered() { return gathered_; }
  /// Before `size` bytes are added to the open batch, or gathered for its end: when its segment has
  /// no room for them, the batch goes on in the next one.
  void make_room(std::uint64_t size);
  /// Where a record lies in memory, which must be in one of these batches.
  std::uint8_t* record_at(const core::RecordLocation& place);
  /// While told so, the open batch stays open.
  void keep_open(bool keeps_open) { keeps_open_ = keeps_open; }
  /// The last batch with something in it.
  std::uint64_t last_number() const;

  // What is written.
  Batch& front() { return *batches_.front(); }
  bool has_closed() const { return batches_.size() > 1; }
  /// There is something in the open batch, and it may end here.
  bool can_close() const { return has_open_content() && !keeps_open_; }
  /// There is nothing in the open batch but what was gathered for its end, which is less than a
  /// block, and makes no segment free.
  bool is_small_end() const {
    return open().is_empty() && !parts_.truncation->is_due() && end_size() < block_size / 2;
  }
  /// The open batch is to be written; the next one follows it.
  void close();
  /// Takes out the oldest batch, which is as durable as it will be.
  std::unique_ptr<Batch> pop();
  /// Its memory is kept for a next one.
  void reuse(BlockBuffer buffer);
  /// Everything up to this batch is durable.
  std::uint64_t durable() const { return durable_; }
  /// Where the oldest batch begins that is not durable. The part of a batch that spans segments
  /// does not count before the rest is written.
  const core::RecordLocation& written_end() const { return written_end_; }
  /// Recorded and not yet written.
  std::uint64_t pending_bytes() const;
  std::uint64_t memory_bytes() const;

 private:
  void begin_batch(const Batch::Start& start);
  bool has_open_content() const {
    return !open().is_empty() || !gathered_.is_empty() || parts_.truncation->is_due();
  }
  std::uint64_t end_size() const;
  void write_end();
  void roll_segment();

  Parts parts_;
  std::deque<std::unique_ptr<Batch>> batches_;  ///< The open one is the last.
  GatheredRecords gathered_;                    ///< For the end of the open one.
  BlockBuffer spare_buffer_;
  bool keeps_open_ = false;
  std::uint64_t durable_ = 0;
  core::RecordLocation written_end_;
};

}  // namespace lepus::persist
