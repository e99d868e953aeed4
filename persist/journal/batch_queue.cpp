// Room is always kept for what comes at the end of the open batch.
#include "persist/journal/batch_queue.h"

#include <algorithm>
#include <utility>

#include "core/base/assert.h"
#include "core/limits.h"

namespace lepus::persist {

namespace {
constexpr std::size_t seal_size = sizeof(RecordHeader);

core::RecordLocation begin_of(const Batch& batch) {
  return {static_cast<std::uint32_t>(batch.segment()), static_cast<std::uint32_t>(batch.offset()),
          0};
}

}  // namespace

void BatchQueue::start(std::uint64_t sequence) {
  CHECK(batches_.empty());
  begin_batch({1, parts_.segments->add(), 0, sequence, false});
  written_end_ = begin_of(*batches_.front());
}

void BatchQueue::begin_batch(const Batch::Start& start) {
  batches_.push_back(std::make_unique<Batch>(start, std::exchange(spare_buffer_, {})));
}

std::uint64_t BatchQueue::last_number() const {
  return has_open_content() ? open().number() : open().number() - 1;
}

std::uint8_t* BatchQueue::record_at(const core::RecordLocation& place) {
  if (Batch& newest = open(); newest.contains(place.segment, place.offset))
    return newest.at(place.offset);
  const auto holder = std::find_if(batches_.rbegin(), batches_.rend(), [&](const auto& batch) {
    return batch->contains(place.segment, place.offset);
  });
  CHECK(holder != batches_.rend());
  return (*holder)->at(place.offset);
}

/// What is to come at the end of the open batch.
std::uint64_t BatchQueue::end_size() const {
  return gathered_.size() + LogTruncation::record_size + seal_size;
}

/// A segment without any record takes one of any size.
void BatchQueue::make_room(std::uint64_t size) {
  const std::uint64_t end = open().end_offset() + end_size() + size;
  const bool is_fresh = open().offset() == 0 && open().is_empty() && end_size() < block_size;
  if (end > parts_.segment_size && !is_fresh) roll_segment();
}

void BatchQueue::write_end() {
  gathered_.write_to(open());
  parts_.truncation->write_to(open());
}

/// In the middle of a turn the segment is full: what follows goes to the next one, and counts only
/// together with this.
void BatchQueue::roll_segment() {
  write_end();
  Batch& full = open();
  full.add(RecordType::seal, 0, seal_size);
  full.set_spans_segments();
  begin_batch({full.number() + 1, parts_.segments->add(), 0, full.next_sequence(), true});
}

void BatchQueue::close() {
  CHECK(has_open_content());
  write_end();
  Batch& done = open();
  const std::uint64_t end = round_up(done.end_offset(), block_size);
  const bool is_last =
      round_up(done.end_offset() + seal_size, block_size) + 2 * block_size > parts_.segment_size;
  if (is_last) done.add(RecordType::seal, 0, seal_size);
  begin_batch({done.number() + 1, is_last ? parts_.segments->add() : done.segment(),
               is_last ? 0 : end, done.next_sequence(), false});
}

std::unique_ptr<Batch> BatchQueue::pop() {
  CHECK(has_closed());
  std::unique_ptr<Batch> batch = std::move(batches_.front());
  batches_.pop_front();
  if (batch->spans_segments()) return batch;
  durable_ = batch->number();
  written_end_ = begin_of(*batches_.front());
  return batch;
}

void BatchQueue::reuse(BlockBuffer buffer) {
  spare_buffer_ = std::move(buffer);
  spare_buffer_.clear(core::limits::journal_buffer_kept);
}

std::uint64_t BatchQueue::pending_bytes() const {
  std::uint64_t waiting = 0;
  for (const auto& batch : batches_) waiting += batch->size();
  return waiting;
}

std::uint64_t BatchQueue::memory_bytes() const {
  std::uint64_t bytes = spare_buffer_.capacity() + gathered_.memory_bytes();
  for (const auto& batch : batches_) bytes += batch->memory_bytes();
  return bytes;
}

}  // namespace lepus::persist
