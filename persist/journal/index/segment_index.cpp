// Nothing is believed that was not checked: places lie in the segment, positions in their level.
#include "persist/journal/index/segment_index.h"

#include <cstring>

#include "core/base/assert.h"

namespace lepus::persist {

SegmentIndexHeader segment_index_header(core::Bytes index) {
  SegmentIndexHeader header;
  CHECK(index.size() >= sizeof header);
  std::memcpy(&header, index.data(), sizeof header);
  return header;
}

IndexFault check_segment_index(core::Bytes index, const IndexedSegment& segment) {
  if (index.empty()) return IndexFault::missing;
  if (index.size() < sizeof(SegmentIndexHeader)) return IndexFault::header;
  const SegmentIndexHeader header = segment_index_header(index);
  if (header.magic != index_magic || header.version != index_version) return IndexFault::header;
  const SegmentHeader& its = segment.header;
  if (header.number != its.number || header.store != its.store || header.shard != its.shard ||
      header.first_sequence != its.first_sequence)
    return IndexFault::stale;
  if (header.size > index.size() - sizeof header) return IndexFault::header;
  // Behind it may lie what an older and longer index left.
  index = index.first(sizeof header + header.size);
  if (header.crc != index_crc(index, header.store)) return IndexFault::crc;
  const bool fits = header.next_sequence >= header.first_sequence &&
                    header.end_offset >= block_size && header.end_offset <= segment.file_size &&
                    (segment.sequence_end == 0 || header.next_sequence <= segment.sequence_end);
  if (!fits) return IndexFault::contents;
  SegmentIndexReader reader(index);
  RecordSummary record;
  while (reader.next(record)) {
  }
  const bool has_room = header.end_offset + sizeof(RecordHeader) <= its.size;
  const bool ends = reader.is_sealed() || !has_room;
  return reader.is_complete() && ends ? IndexFault::none : IndexFault::contents;
}

SegmentIndexReader::SegmentIndexReader(core::Bytes index) : bytes_({}) {
  const SegmentIndexHeader header = segment_index_header(index);
  CHECK(header.size <= index.size() - sizeof header);
  bytes_ = VarintReader(index.subspan(sizeof header, header.size));
  segment_ = static_cast<std::uint32_t>(header.number);
  end_offset_ = header.end_offset;
  records_left_ = header.next_sequence - header.first_sequence;
  shape_.ttl_ms = core::Message::no_ttl;
}

bool SegmentIndexReader::next(RecordSummary& record) {
  if (has_failed() || bytes_.is_at_end()) return false;
  std::uint8_t what = bytes_.take_byte();
  if ((what & index_kind_mask) == static_cast<std::uint8_t>(IndexKind::skip)) {
    skip_ = bytes_.take();
    has_failed_ |= skip_ > UINT32_MAX / record_alignment;
    skip_ *= record_alignment;
    what = bytes_.take_byte();
  }
  record = RecordSummary{};
  record.flags = (what >> index_flags_shift) & (flag_batch_first | flag_batch_last);
  read_entry(record, what);
  return !has_failed() && place(record);
}

void SegmentIndexReader::read_entry(RecordSummary& record, std::uint8_t what) {
  switch (static_cast<IndexKind>(what & index_kind_mask)) {
    case IndexKind::message:
      return read_message(record, what);
    case IndexKind::run: {
      const std::uint64_t count = bytes_.take();
      has_failed_ |= count == 0 || count > records_left_ || count > UINT32_MAX;
      record.count = static_cast<std::uint32_t>(count);
      return read_message(record, what);
    }
    case IndexKind::settle:
      return read_settle(record);
    case IndexKind::marks:
      return read_marks(record);
    case IndexKind::truncate:
      record.type = RecordType::truncate;
      record.log_start = bytes_.take();
      return;
    case IndexKind::seal:
      record.type = RecordType::seal;
      is_sealed_ = true;
      has_failed_ |= !bytes_.is_at_end();
      return;
    case IndexKind::skip:
      break;
  }
  has_failed_ = true;
}

/// Where the record lies, when it lies inside the segment.
bool SegmentIndexReader::place(RecordSummary& record) {
  CHECK(record.count > 0);
  CHECK(offset_ >= block_size);
  const std::uint64_t size = record_size_of(record);
  const std::uint64_t begin = skip_ != 0 ? skip_ : expected_offset(offset_, record.flags);
  skip_ = 0;
  const bool fits = begin >= offset_ && begin <= end_offset_ && record.count <= records_left_ &&
                    size <= (end_offset_ - begin) / record.count;
  if (!fits || end_offset_ > UINT32_MAX) {
    has_failed_ = true;
    return false;
  }
  record.place = {segment_, static_cast<std::uint32_t>(begin), static_cast<std::uint32_t>(size)};
  offset_ = begin + size * record.count;
  records_left_ -= record.count;
  return true;
}

void SegmentIndexReader::read_message(RecordSummary& record, std::uint8_t what) {
  if ((what & index_has_time) != 0) shape_.enqueued_ms += unzigzag(bytes_.take());
  if ((what & index_has_shape) != 0) read_shape();
  if ((what & index_has_queues) != 0) {
    read_queues(read_count(1), record.count);
  } else {
    refs_.resize(last_slots_.size());
    for (std::size_t i = 0; i < last_slots_.size(); ++i) {
      has_failed_ |= last_slots_[i] == IndexQueues::no_slot;
      if (has_failed()) return;
      IndexQueue& queue = queues_.at(last_slots_[i]);
      refs_[i] = {queue.queue, queue.next};
      queue.next += record.count;
    }
  }
  for (const QueueRef& ref : refs_)
    has_failed_ |= IndexQueue::level_of(ref.sequence) !=
                   IndexQueue::level_of(ref.sequence + (record.count - 1));
  record.type = RecordType::message;
  record.was_paged = shape_.was_paged;
  record.text_size = shape_.text_size;
  record.enqueued_ms = shape_.enqueued_ms;
  record.ttl_ms = shape_.ttl_ms;
  record.body_size = shape_.body_size;
  record.queues = refs_;
}

void SegmentIndexReader::read_shape() {
  const std::uint64_t value = bytes_.take();
  shape_.body_size += unzigzag(value >> 1);
  has_failed_ |= shape_.body_size > UINT32_MAX;
  if ((value & 1) == 0) return;
  const std::uint64_t text_size = bytes_.take();
  has_failed_ |= text_size > UINT32_MAX;
  shape_.text_size = static_cast<std::uint32_t>(text_size);
  shape_.ttl_ms = bytes_.take() - 1;
  shape_.was_paged = bytes_.take_byte() != 0;
}

/// How many items follow, each of at least so many bytes: no more memory is taken than the index
/// itself takes many times over.
std::uint64_t SegmentIndexReader::read_count(std::size_t size_min) {
  const std::uint64_t count = bytes_.take();
  if (count <= bytes_.bytes_left() / size_min) return count;
  has_failed_ = true;
  return 0;
}

void SegmentIndexReader::read_queues(std::uint64_t count, std::uint32_t step) {
  last_slots_.clear();
  refs_.clear();
  for (std::uint64_t i = 0; i < count && !has_failed(); ++i) {
    std::uint32_t slot = IndexQueues::no_slot;
    const QueueRef ref = read_ref(&IndexQueue::next, slot);
    if (slot != IndexQueues::no_slot) queues_.at(slot).next = ref.sequence + step;
    last_slots_.push_back(slot);
    refs_.push_back(ref);
  }
}

QueueRef SegmentIndexReader::read_ref(std::uint64_t IndexQueue::*expected, std::uint32_t& slot) {
  const std::uint64_t value = bytes_.take();
  const std::uint64_t code = value >> 1;
  IndexQueue queue;
  if (code == 0) {
    const std::uint64_t number = bytes_.take();
    queue = IndexQueue::first_of(number, bytes_.take_byte());
    slot = queues_.add(queue);
  } else if (code <= queues_.size()) {
    slot = static_cast<std::uint32_t>(code - 1);
    queue = queues_.at(slot);
  } else {
    has_failed_ = true;
  }
  QueueRef ref{queue.queue, queue.*expected};
  if ((value & 1) != 0) ref.sequence += unzigzag(bytes_.take());
  return ref;
}

void SegmentIndexReader::read_settle(RecordSummary& record) {
  const std::uint64_t count = read_count(2);
  ranges_.clear();
  for (std::uint64_t i = 0; i < count && !has_failed(); ++i) {
    std::uint32_t slot = IndexQueues::no_slot;
    const QueueRef first = read_ref(&IndexQueue::settled, slot);
    const std::uint64_t size = bytes_.take();
    has_failed_ |= size > UINT64_MAX - first.sequence;
    ranges_.push_back({first.queue, first.sequence, first.sequence + size});
    if (slot != IndexQueues::no_slot) queues_.at(slot).settled = first.sequence + size + 1;
  }
  record.type = RecordType::settle;
  record.ranges = ranges_;
}

void SegmentIndexReader::read_marks(RecordSummary& record) {
  const std::uint64_t count = read_count(1);
  refs_.clear();
  for (std::uint64_t i = 0; i < count && !has_failed(); ++i) {
    std::uint32_t slot = IndexQueues::no_slot;
    refs_.push_back(read_ref(&IndexQueue::mark, slot));
    if (slot != IndexQueues::no_slot) queues_.at(slot).mark = refs_.back().sequence;
  }
  record.type = RecordType::delivered;
  record.queues = refs_;
}

std::string_view text_of(IndexFault fault) {
  switch (fault) {
    case IndexFault::none:
      return "valid";
    case IndexFault::missing:
      return "there is none";
    case IndexFault::header:
      return "cut off, or of another version";
    case IndexFault::stale:
      return "of an older use of the file";
    case IndexFault::crc:
      return "wrong CRC";
    case IndexFault::contents:
      return "its entries contradict each other or the segment";
  }
  return "?";
}

}  // namespace lepus::persist
