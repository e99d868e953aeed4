// Makes the index of one segment, from the records as they are written or read. Messages that are
// neighbours and alike are one entry, however many they are, so a queue that is filled at full
// speed costs next to nothing.
//
//   begin() -> add() of each record, in order -> finish(): the file's bytes
//              mark() at the end of a batch, rewind(): what came behind is forgotten
//
// What it holds is bounded by segment_index_size_max; a segment that needs more gets no index.
#pragma once

#include <cstdint>
#include <vector>

#include "persist/journal/index/index_entry.h"
#include "persist/journal/index/index_queues.h"
#include "persist/journal/index/message_run.h"
#include "persist/journal/index/record_summary.h"

namespace lepus::persist {

class SegmentIndexBuilder {
 public:
  /// Of the segment, as in its header.
  struct Identity {
    std::uint64_t number = 0;
    std::uint64_t store = 0;
    std::uint64_t first_sequence = 0;
    std::uint32_t shard = 0;
  };
  void begin(const Identity& identity);
  /// Between begin() and finish(), also when it has given up.
  bool is_begun() const { return identity_.number != 0; }
  const Identity& identity() const { return identity_; }

  /// The next record, or run; its sequence is one above that of the record before.
  void add(const RecordSummary& record);
  /// The same of a record in memory that is valid but for its CRC. Inlined, as each message that is
  /// written comes by here, and most are neighbours of the one before.
  [[gnu::always_inline]] void add(const RecordHeader& header, const std::uint8_t* record,
                                  std::uint64_t offset) {
    if (offset != offset_ || !run_.goes_on_with(header, record))
      return add(
          summary_of(view_record(record), {static_cast<std::uint32_t>(identity_.number),
                                           static_cast<std::uint32_t>(offset), header.length}));
    run_.extend(1, header.flags);
    offset_ += header.length;
    if (run_.ends_batch()) write_run();
  }
  /// There will be no index: the segment is damaged.
  void give_up();

  /// rewind() comes back to what was added so far. Nothing changes where a run may still grow.
  void mark();
  void rewind();
  /// Behind the last record that was added.
  std::uint64_t end_offset() const { return offset_; }

  /// The index of a segment in a file of `file_size` bytes. Empty: there is none, because the
  /// segment is not sealed although there is room for a seal, or because it would be too large.
  std::vector<std::uint8_t> finish(std::uint64_t file_size);
  std::uint64_t memory_bytes() const {
    return bytes_.capacity() + queues_.memory_bytes() + run_.memory_bytes();
  }

 private:
  /// What the next message is compared with.
  struct Shape {
    std::uint64_t enqueued_ms = 0;
    std::uint64_t body_size = 0;
    std::uint32_t text_size = 0;
    std::uint64_t ttl_ms = core::Message::no_ttl;
    bool was_paged = false;
  };
  struct Mark {
    std::size_t size = 0;
    std::uint64_t offset = 0;
    std::uint64_t record_count = 0;
    bool is_sealed = false;
  };

  void add_first(const RecordSummary& record);
  void write_run();
  bool has_last_shape() const;
  bool has_last_queues() const;
  void write_shape();
  std::uint32_t write_ref(const QueueRef& ref, std::uint64_t IndexQueue::*expected,
                          std::uint64_t step);
  void write_settle(const RecordSummary& record);
  void write_marks(const RecordSummary& record);
  void write_what(IndexKind kind, std::uint8_t flags, std::uint8_t bits = 0);
  void check_size();

  Identity identity_;
  std::vector<std::uint8_t> bytes_;  ///< Room for the header, then entries.
  IndexQueues queues_;
  MessageRun run_;                         ///< Not written yet.
  std::vector<std::uint32_t> last_slots_;  ///< Of the queues of the message before.
  Shape shape_;
  std::uint64_t offset_ = 0;
  std::uint64_t record_count_ = 0;  ///< Without those of run_.
  bool is_sealed_ = false;
  bool has_given_up_ = false;
  Mark mark_;
};

}  // namespace lepus::persist
