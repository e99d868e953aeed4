// Adding records and closing the batch over them.
#include "persist/journal/batch.h"

#include <algorithm>
#include <cstring>
#include <utility>

#include "persist/journal/index/segment_index_builder.h"
#include "persist/journal/segment_header.h"

namespace lepus::persist {

namespace {
constexpr std::size_t capacity_min = std::size_t{64} << 10;
}

std::uint8_t* BlockBuffer::grow(std::size_t size) {
  if (size_ + size > capacity_) {
    const std::size_t capacity =
        round_up(std::max({capacity_min, 2 * capacity_, size_ + size}), block_size);
    auto* memory = static_cast<std::uint8_t*>(std::aligned_alloc(block_size, capacity));
    CHECK(memory != nullptr);
    if (size_ > 0) std::memcpy(memory, memory_.get(), size_);
    memory_.reset(memory);
    capacity_ = capacity;
  }
  std::uint8_t* cursor = memory_.get() + size_;
  size_ += size;
  return cursor;
}

void BlockBuffer::clear(std::size_t capacity_max) {
  size_ = 0;
  if (capacity_ <= capacity_max) return;
  memory_.reset();
  capacity_ = 0;
}

Batch::Batch(const Start& start, BlockBuffer buffer)
    : start_(start), buffer_(std::move(buffer)), next_sequence_(start.sequence) {
  CHECK(buffer_.size() == 0);
  CHECK(start.offset % block_size == 0);
  if (start.offset == 0) std::memset(buffer_.grow(block_size), 0, block_size);
  first_record_ = buffer_.size();
}

std::uint8_t* Batch::add(RecordType type, std::uint32_t count, std::size_t length) {
  CHECK(!is_closed_);
  CHECK(length % record_alignment == 0);
  CHECK(length >= sizeof(RecordHeader) && length <= UINT32_MAX);
  std::uint8_t* cursor = buffer_.grow(length);
  RecordHeader header;
  header.length = static_cast<std::uint32_t>(length);
  header.sequence = next_sequence_++;
  header.type = type;
  header.count = count;
  std::memcpy(cursor, &header, sizeof header);
  last_record_ = static_cast<std::size_t>(cursor - buffer_.data());
  return cursor;
}

/// visit(header, record in memory) of each record.
template <class Visit>
void Batch::close_with(RecordSeed seed, Visit&& visit) {
  CHECK(!is_closed_);
  CHECK(!is_empty());
  is_closed_ = true;
  const std::size_t used = buffer_.size();
  const std::size_t padding = round_up(used, block_size) - used;
  if (padding > 0) std::memset(buffer_.grow(padding), 0, padding);
  for (std::size_t index = first_record_; index < used;) {
    std::uint8_t* const record = buffer_.data() + index;
    RecordHeader header;
    std::memcpy(&header, record, sizeof header);
    if (index == first_record_ && !start_.is_continuation) header.flags |= flag_batch_first;
    if (index == last_record_ && !spans_segments_) header.flags |= flag_batch_last;
    std::memcpy(record, &header, sizeof header);
    set_record_crc({record, header.length}, seed);
    visit(header, record);
    index += header.length;
  }
}

void Batch::close(RecordSeed seed) {
  close_with(seed, [](const RecordHeader&, const std::uint8_t*) {});
}

void Batch::close(RecordSeed seed, SegmentIndexBuilder& index) {
  CHECK(index.identity().number == start_.segment);
  close_with(seed, [&](const RecordHeader& header, const std::uint8_t* record) {
    index.add(header, record, offset_of(record));
  });
}

void Batch::set_header(const SegmentHeader& header) {
  CHECK(start_.offset == 0);
  CHECK(header.number == start_.segment);
  CHECK(header.first_sequence == start_.sequence);
  encode_segment_header(header, {buffer_.data(), block_size});
}

}  // namespace lepus::persist
