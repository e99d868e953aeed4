// Goes through the records of one segment, in order of their sequence.
//
//   next(): record -> record ... -> end
//           any of them may be `damage` in between: bytes that should be records and are not
//
// A batch starts at a block, so a blank header inside a block means "go on at the next one". What
// is no valid record with the next sequence is judged by where it lies:
//
//   sealed segment     damage; the scan goes on at the next block that holds a valid record with a
//                      sequence between the expected one and the next segment's first
//   newest segment     the end, unless a later batch follows (flag_batch_first with a higher
//                      sequence): batches are written one after the other, so what lies before a
//                      later batch was durable, and this is damage too
#pragma once

#include <cstdint>
#include <string_view>

#include "persist/journal/record.h"
#include "persist/recovery/segment_reader.h"

namespace lepus::persist {

struct ScanLimits {
  std::uint64_t first_sequence = 0;  ///< Of the segment.
  /// First sequence of the next segment; 0: this is the newest one.
  std::uint64_t sequence_end = 0;
  RecordSeed seed;
};

enum class ScanStep : std::uint8_t { record, damage, end };

enum class ScanEnd : std::uint8_t {
  none,     ///< Not there yet.
  seal,     ///< The seal record was read.
  full,     ///< No room for a seal is left.
  blank,    ///< Zeros follow.
  stale,    ///< A record of an older use of the file follows.
  invalid,  ///< Bytes follow that are no record: a torn write, or an older use.
  lost,     ///< A sealed segment has damage that reaches to its end.
};
std::string_view text_of(ScanEnd end);

struct Damage {
  std::uint64_t offset = 0;
  std::uint64_t size = 0;
  RecordFault fault = RecordFault::none;  ///< none: a valid record that is not the next one.
  std::uint64_t records_lost = 0;         ///< By the gap in the sequences.
};

class SegmentScan {
 public:
  /// `reader` has the segment open and outlives the scan.
  SegmentScan(SegmentReader& reader, const ScanLimits& limits);

  ScanStep next();

  /// After ScanStep::record; valid until the next call.
  const RecordView& record() const { return record_; }
  std::uint64_t offset() const { return record_offset_; }  ///< Of that record.
  /// After ScanStep::damage.
  const Damage& damage() const { return damage_; }
  /// After ScanStep::end.
  ScanEnd end() const { return end_; }

  /// Of the newest segment, after its end: records of the same batch are there behind a hole.
  bool has_later_record() const { return has_later_record_; }

  /// Where the next record should be.
  std::uint64_t position() const { return offset_; }
  /// Behind the last valid record.
  std::uint64_t end_offset() const { return end_offset_; }
  /// One above the last valid record's.
  std::uint64_t next_sequence() const { return next_sequence_; }

 private:
  bool is_newest() const { return limits_.sequence_end == 0; }
  RecordRead read_at(std::uint64_t offset);
  bool is_later(std::uint64_t offset);
  RecordHeader header_at(std::uint64_t offset);
  std::uint64_t find_later(std::uint64_t offset);
  ScanStep accept(const RecordView& record);
  ScanStep judge(const RecordRead& read);
  ScanStep finish(ScanEnd end);
  ScanStep lose_rest(RecordFault fault);
  std::uint64_t lost_before_next_segment() const;

  SegmentReader& reader_;
  const ScanLimits limits_;
  std::uint64_t offset_ = block_size;  ///< Where the next record should be.
  std::uint64_t end_offset_ = block_size;
  std::uint64_t next_sequence_;
  RecordView record_;
  std::uint64_t record_offset_ = 0;
  Damage damage_;
  ScanEnd end_ = ScanEnd::none;
  bool has_later_record_ = false;
};

}  // namespace lepus::persist
