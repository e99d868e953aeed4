// Reading the index of a segment. It is advice: whoever has none, or one that does not count, reads
// the segment. check_segment_index() goes through all of it, so that nothing is applied of one that
// contradicts itself; after that next() needs no doubt.
//
//   file -> check_segment_index(): none -> SegmentIndexReader: next() ... next() -> false
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "core/base/bytes.h"
#include "persist/journal/index/index_entry.h"
#include "persist/journal/index/index_queues.h"
#include "persist/journal/index/varint.h"

namespace lepus::persist {

enum class IndexFault : std::uint8_t {
  none,
  missing,   ///< There is no file, or nothing in it.
  header,    ///< Cut off, of another version, or no index.
  stale,     ///< Of another segment: of an older use of the file, or of another directory.
  crc,       ///< The bytes are not what was written.
  contents,  ///< The entries contradict each other, or do not fit the segment.
};
std::string_view text_of(IndexFault fault);

/// `index` is the whole file. `sequence_end` is the first sequence of the next segment; 0: it is
/// not known. What the segment's file holds beyond the index does not matter, what it lacks does.
struct IndexedSegment {
  SegmentHeader header;
  std::uint64_t file_size = 0;
  std::uint64_t sequence_end = 0;
};
IndexFault check_segment_index(core::Bytes index, const IndexedSegment& segment);

/// Of an index that was checked.
SegmentIndexHeader segment_index_header(core::Bytes index);

class SegmentIndexReader {
 public:
  /// `index` has a whole header, and as many bytes as that says.
  explicit SegmentIndexReader(core::Bytes index);

  /// The next record, or run of messages; valid until the next call. False: there is none, or
  /// what follows cannot be.
  bool next(RecordSummary& record);
  bool has_failed() const { return has_failed_ || bytes_.has_failed(); }
  /// Every record that the header counts was read, and nothing is left.
  bool is_complete() const {
    return !has_failed() && bytes_.is_at_end() && records_left_ == 0 && offset_ == end_offset_;
  }
  bool is_sealed() const { return is_sealed_; }

 private:
  void read_message(RecordSummary& record, std::uint8_t what);
  void read_shape();
  void read_queues(std::uint64_t count, std::uint32_t step);
  QueueRef read_ref(std::uint64_t IndexQueue::*expected, std::uint32_t& slot);
  void read_settle(RecordSummary& record);
  void read_marks(RecordSummary& record);
  std::uint64_t read_count(std::size_t size_min);
  void read_entry(RecordSummary& record, std::uint8_t what);
  bool place(RecordSummary& record);

  VarintReader bytes_;
  IndexQueues queues_;
  std::vector<std::uint32_t> last_slots_;
  std::vector<QueueRef> refs_;
  std::vector<SequenceRange> ranges_;
  RecordSummary shape_;  ///< What a message has that says nothing else.
  std::uint32_t segment_;
  std::uint64_t offset_ = block_size;
  std::uint64_t skip_ = 0;  ///< Where the next record lies; 0: where it is expected.
  std::uint64_t end_offset_;
  std::uint64_t records_left_;
  bool is_sealed_ = false;
  bool has_failed_ = false;
};

}  // namespace lepus::persist
