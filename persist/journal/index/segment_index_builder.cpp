// A message waits as a run until the next record is seen; everything else is written at once.
#include "persist/journal/index/segment_index_builder.h"

#include <algorithm>
#include <cstring>
#include <utility>

#include "core/base/assert.h"
#include "persist/journal/crc.h"
#include "persist/journal/index/varint.h"

namespace lepus::persist {

void SegmentIndexBuilder::begin(const Identity& identity) {
  CHECK(identity.number > 0 && identity.number <= UINT32_MAX);
  CHECK(identity.first_sequence > 0);
  identity_ = identity;
  bytes_.assign(sizeof(SegmentIndexHeader), 0);
  queues_.clear();
  run_.forget();
  last_slots_.clear();
  shape_ = {};
  offset_ = block_size;
  record_count_ = 0;
  is_sealed_ = has_given_up_ = false;
  mark_ = {bytes_.size(), offset_, 0, false};
}

void SegmentIndexBuilder::give_up() {
  has_given_up_ = true;
  run_.forget();
  std::vector<std::uint8_t>().swap(bytes_);
  queues_.clear();
}

void SegmentIndexBuilder::check_size() {
  if (bytes_.size() > core::limits::segment_index_size_max) give_up();
}

void SegmentIndexBuilder::mark() {
  if (run_.is_empty() && !has_given_up_)
    mark_ = {bytes_.size(), offset_, record_count_, is_sealed_};
}

/// What was expected of the queues is of no use then: only a seal may follow.
void SegmentIndexBuilder::rewind() {
  if (has_given_up_) return;
  CHECK(mark_.size <= bytes_.size());
  run_.forget();
  bytes_.resize(mark_.size);
  offset_ = mark_.offset;
  record_count_ = mark_.record_count;
  is_sealed_ = mark_.is_sealed;
}

void SegmentIndexBuilder::add(const RecordSummary& record) {
  if (has_given_up_) return;
  CHECK(is_begun());
  if (record.place.offset == offset_ && run_.goes_on_with(record)) {
    run_.extend(record.count, record.flags);
    offset_ += std::uint64_t{record.place.size} * record.count;
  } else {
    write_run();
    if (is_sealed_ || record.place.size != record_size_of(record)) give_up();
    if (has_given_up_) return;
    if (record.place.offset != expected_offset(offset_, record.flags)) {
      write_what(IndexKind::skip, 0);
      put_varint(bytes_, record.place.offset / record_alignment);
    }
    offset_ = record.place.offset + std::uint64_t{record.place.size} * record.count;
    add_first(record);
  }
  if (!run_.is_empty() && run_.ends_batch()) write_run();
}

/// It does not go on with what was before.
void SegmentIndexBuilder::add_first(const RecordSummary& record) {
  switch (record.type) {
    case RecordType::message:
      run_.begin(record);
      return;
    case RecordType::settle:
      write_settle(record);
      break;
    case RecordType::delivered:
      write_marks(record);
      break;
    case RecordType::truncate:
      write_what(IndexKind::truncate, record.flags);
      put_varint(bytes_, record.log_start);
      break;
    case RecordType::seal:
      write_what(IndexKind::seal, record.flags);
      is_sealed_ = true;
      break;
  }
  ++record_count_;
  check_size();
}

void SegmentIndexBuilder::write_what(IndexKind kind, std::uint8_t flags, std::uint8_t bits) {
  constexpr std::uint8_t known = flag_batch_first | flag_batch_last;
  bytes_.push_back(static_cast<std::uint8_t>(static_cast<unsigned>(kind) | bits |
                                             (flags & known) << index_flags_shift));
}

void SegmentIndexBuilder::write_run() {
  if (run_.is_empty()) return;
  CHECK(bytes_.size() >= sizeof(SegmentIndexHeader));
  const RecordSummary& first = run_.first();
  const bool has_time = first.enqueued_ms != shape_.enqueued_ms;
  const bool has_shape = !has_last_shape();
  const bool has_queues = !has_last_queues();
  write_what(first.count > 1 ? IndexKind::run : IndexKind::message, first.flags,
             static_cast<std::uint8_t>((has_time ? index_has_time : 0) |
                                       (has_shape ? index_has_shape : 0) |
                                       (has_queues ? index_has_queues : 0)));
  if (first.count > 1) put_varint(bytes_, first.count);
  if (has_time) put_varint(bytes_, zigzag(first.enqueued_ms - shape_.enqueued_ms));
  shape_.enqueued_ms = first.enqueued_ms;
  if (has_shape) write_shape();
  if (has_queues) {
    put_varint(bytes_, run_.queues().size());
    last_slots_.clear();
    for (const QueueRef& ref : run_.queues())
      last_slots_.push_back(write_ref(ref, &IndexQueue::next, first.count));
  } else {
    for (const std::uint32_t slot : last_slots_) queues_.at(slot).next += first.count;
  }
  record_count_ += first.count;
  run_.forget();
  check_size();
}

bool SegmentIndexBuilder::has_last_shape() const {
  const RecordSummary& first = run_.first();
  return first.body_size == shape_.body_size && first.ttl_ms == shape_.ttl_ms &&
         first.was_paged == shape_.was_paged &&
         first.place.size ==
             message_size_of(run_.queues().size(), shape_.text_size, first.body_size);
}

/// They are the queues of the message before, each with the position that was expected.
bool SegmentIndexBuilder::has_last_queues() const {
  return std::equal(run_.queues().begin(), run_.queues().end(), last_slots_.begin(),
                    last_slots_.end(), [this](const QueueRef& ref, std::uint32_t slot) {
                      return slot != IndexQueues::no_slot && queues_.at(slot).queue == ref.queue &&
                             queues_.at(slot).next == ref.sequence;
                    });
}

void SegmentIndexBuilder::write_shape() {
  const RecordSummary& first = run_.first();
  const std::uint64_t size =
      message_size_of(run_.queues().size(), shape_.text_size, first.body_size);
  const bool has_more = size != first.place.size || first.ttl_ms != shape_.ttl_ms ||
                        first.was_paged != shape_.was_paged;
  put_varint(bytes_, zigzag(first.body_size - shape_.body_size) << 1 | (has_more ? 1 : 0));
  shape_.body_size = first.body_size;
  if (!has_more) return;
  shape_.text_size = first.text_size;
  shape_.ttl_ms = first.ttl_ms;
  shape_.was_paged = first.was_paged;
  put_varint(bytes_, shape_.text_size);
  put_varint(bytes_, shape_.ttl_ms + 1);
  bytes_.push_back(shape_.was_paged ? 1 : 0);
}

/// Returns the slot of the queue; no_slot: it has none. `step`: how far behind it the next is
/// expected.
std::uint32_t SegmentIndexBuilder::write_ref(const QueueRef& ref,
                                             std::uint64_t IndexQueue::*expected,
                                             std::uint64_t step) {
  std::uint32_t slot = queues_.find(ref.queue, ref.sequence);
  const std::uint64_t code = slot == IndexQueues::no_slot ? 0 : std::uint64_t{slot} + 1;
  IndexQueue unknown = IndexQueue::first_of(ref.queue, IndexQueue::level_of(ref.sequence));
  if (code == 0) slot = queues_.add_known(unknown);
  IndexQueue& queue = slot == IndexQueues::no_slot ? unknown : queues_.at(slot);
  const std::uint64_t difference = ref.sequence - queue.*expected;
  put_varint(bytes_, code << 1 | (difference != 0 ? 1 : 0));
  if (code == 0) {
    put_varint(bytes_, ref.queue);
    bytes_.push_back(static_cast<std::uint8_t>(IndexQueue::level_of(ref.sequence)));
  }
  if (difference != 0) put_varint(bytes_, zigzag(difference));
  queue.*expected = ref.sequence + step;
  return slot;
}

void SegmentIndexBuilder::write_settle(const RecordSummary& record) {
  CHECK(run_.is_empty());
  write_what(IndexKind::settle, record.flags);
  put_varint(bytes_, record.ranges.size());
  for (const SequenceRange& range : record.ranges) {
    CHECK(range.first <= range.last);
    const std::uint64_t size = range.last - range.first;
    (void)write_ref({range.queue, range.first}, &IndexQueue::settled, size + 1);
    put_varint(bytes_, size);
  }
}

void SegmentIndexBuilder::write_marks(const RecordSummary& record) {
  CHECK(run_.is_empty());
  write_what(IndexKind::marks, record.flags);
  put_varint(bytes_, record.queues.size());
  for (const QueueRef& below : record.queues) (void)write_ref(below, &IndexQueue::mark, 0);
}

std::vector<std::uint8_t> SegmentIndexBuilder::finish(std::uint64_t file_size) {
  CHECK(is_begun());
  write_run();
  SegmentIndexHeader header;
  header.number = std::exchange(identity_.number, 0);
  const bool has_room = offset_ + sizeof(RecordHeader) <= file_size;
  if (has_given_up_ || (!is_sealed_ && has_room)) return {};
  CHECK(bytes_.size() <= core::limits::segment_index_size_max);
  header.store = identity_.store;
  header.shard = identity_.shard;
  header.first_sequence = identity_.first_sequence;
  header.next_sequence = identity_.first_sequence + record_count_;
  header.end_offset = offset_;
  header.size = static_cast<std::uint32_t>(bytes_.size() - sizeof header);
  std::memcpy(bytes_.data(), &header, sizeof header);
  header.crc = index_crc(bytes_, header.store);
  std::memcpy(bytes_.data(), &header, sizeof header);
  return std::exchange(bytes_, {});
}

}  // namespace lepus::persist
