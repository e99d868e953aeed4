// The walk through a segment and the search for where it goes on behind damage.
#include "persist/recovery/segment_scan.h"

#include <cstring>

#include "core/base/assert.h"

namespace lepus::persist {

SegmentScan::SegmentScan(SegmentReader& reader, const ScanLimits& limits)
    : reader_(reader), limits_(limits), next_sequence_(limits.first_sequence) {
  CHECK(reader.is_open());
  CHECK(limits.sequence_end == 0 || limits.sequence_end >= limits.first_sequence);
}

ScanStep SegmentScan::next() {
  if (end_ != ScanEnd::none) return ScanStep::end;
  CHECK(offset_ >= end_offset_);
  RecordRead read = read_at(offset_);
  if (read.fault == RecordFault::blank && offset_ % block_size != 0) {
    offset_ = round_up(offset_, block_size);
    read = read_at(offset_);
  }
  if (read.fault == RecordFault::none && read.record.header().sequence == next_sequence_)
    return accept(read.record);
  return judge(read);
}

RecordRead SegmentScan::read_at(std::uint64_t offset) {
  CHECK(offset % record_alignment == 0);
  core::Bytes window = reader_.window(offset, sizeof(RecordHeader));
  RecordRead read = read_record(window, limits_.seed);
  if (read.fault == RecordFault::cut && offset + read.length <= reader_.size())
    read = read_record(reader_.window(offset, read.length), limits_.seed);
  return read;
}

ScanStep SegmentScan::accept(const RecordView& record) {
  CHECK(record.header().sequence == next_sequence_);
  record_ = record;
  record_offset_ = offset_;
  offset_ += record.header().length;
  end_offset_ = offset_;
  ++next_sequence_;
  if (record.header().type == RecordType::seal) end_ = ScanEnd::seal;
  return ScanStep::record;
}

/// There is no next record at offset_: the end of the journal, or damage?
ScanStep SegmentScan::judge(const RecordRead& read) {
  if (end_offset_ + sizeof(RecordHeader) > reader_.size()) return finish(ScanEnd::full);
  const std::uint64_t found = find_later(offset_);
  if (found == 0) {
    if (!is_newest()) return lose_rest(read.fault);
    if (offset_ >= reader_.size() || read.fault == RecordFault::blank)
      return finish(ScanEnd::blank);
    return finish(read.fault == RecordFault::none ? ScanEnd::stale : ScanEnd::invalid);
  }
  const std::uint64_t sequence = read_at(found).record.header().sequence;
  damage_ = {offset_, found - offset_, read.fault, sequence - next_sequence_};
  offset_ = found;
  next_sequence_ = sequence;
  return ScanStep::damage;
}

ScanStep SegmentScan::lose_rest(RecordFault fault) {
  CHECK(!is_newest());
  damage_ = {end_offset_, reader_.size() - end_offset_, fault, lost_before_next_segment()};
  next_sequence_ = limits_.sequence_end;
  end_ = ScanEnd::lost;
  return ScanStep::damage;
}

/// A restart adds sequence_gap, so only what is below it counts records.
std::uint64_t SegmentScan::lost_before_next_segment() const {
  const std::uint64_t gap = limits_.sequence_end - next_sequence_;
  return limits_.sequence_end <= next_sequence_ ? 0 : gap % sequence_gap;
}

ScanStep SegmentScan::finish(ScanEnd end) {
  CHECK(end != ScanEnd::none);
  end_ = end;
  return ScanStep::end;
}

/// Offset of the first block behind `offset` with which the journal goes on; 0: none.
std::uint64_t SegmentScan::find_later(std::uint64_t offset) {
  has_later_record_ = false;
  // A record at `offset` itself may be one from behind lost blocks, when a batch is missing whole.
  std::uint64_t block = round_up(offset, block_size);
  for (; block + block_size <= reader_.size(); block += block_size)
    if (is_later(block)) return block;
  return 0;
}

/// The header is looked at first, which is cheap. Without this a CRC over up to a whole segment
/// would be computed at each block.
bool SegmentScan::is_later(std::uint64_t offset) {
  const RecordHeader header = header_at(offset);
  if (header.length < sizeof header || header.length % record_alignment != 0) return false;
  if (header.sequence < next_sequence_) return false;
  if (!is_newest())
    return header.sequence < limits_.sequence_end && read_at(offset).fault == RecordFault::none;
  // A restart begins a new segment: within one there is no gap.
  if (header.sequence - next_sequence_ >= sequence_gap) return false;
  if ((header.flags & flag_batch_first) != 0) return read_at(offset).fault == RecordFault::none;
  const bool may_be = !has_later_record_ && header.sequence > next_sequence_;
  if (may_be) has_later_record_ = read_at(offset).fault == RecordFault::none;
  return false;
}

/// All zero when the file ends before.
RecordHeader SegmentScan::header_at(std::uint64_t offset) {
  RecordHeader header;
  const core::Bytes window = reader_.window(offset, sizeof header);
  if (window.size() >= sizeof header) std::memcpy(&header, window.data(), sizeof header);
  return header;
}

std::string_view text_of(ScanEnd end) {
  switch (end) {
    case ScanEnd::none:
      return "not reached";
    case ScanEnd::seal:
      return "sealed";
    case ScanEnd::full:
      return "full";
    case ScanEnd::blank:
      return "nothing written behind";
    case ScanEnd::stale:
      return "an older use of the file behind";
    case ScanEnd::invalid:
      return "an unfinished write behind";
    case ScanEnd::lost:
      return "damaged up to the end";
  }
  return "?";
}

}  // namespace lepus::persist
