// The window moves forward by keeping what is still wanted and taking the pieces behind it.
#include "persist/recovery/segment_reader.h"

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "core/base/assert.h"
#include "core/limits.h"

namespace lepus::persist {

namespace {

constexpr std::uint64_t piece_min = core::limits::recovery_read_min;
constexpr std::uint64_t piece_max = core::limits::recovery_read_max;
constexpr std::uint64_t front_room = core::limits::recovery_read_kept;
static_assert(piece_min % block_size == 0 && piece_max % piece_min == 0);
static_assert(front_room % block_size == 0);

}  // namespace

int open_for_reading(io::Disk& disk, const std::string& path) {
  const int fd = disk.open(path, {.direct = true});
  return fd == -EINVAL ? disk.open(path, {}) : fd;
}

SegmentReader::Buffer SegmentReader::Buffer::of(std::uint64_t capacity) {
  CHECK(capacity % block_size == 0);
  auto* bytes = static_cast<std::uint8_t*>(std::aligned_alloc(block_size, capacity));
  CHECK(bytes != nullptr);
  return {std::unique_ptr<std::uint8_t, Free>(bytes), capacity};
}

int SegmentReader::open(const std::string& path) {
  close();
  const int fd = open_for_reading(disk_, path);
  if (fd < 0) return fd;
  const std::int64_t size = disk_.size(fd);
  if (size < 0) {
    disk_.close(fd);
    return static_cast<int>(size);
  }
  fd_ = fd;
  size_ = block_of(static_cast<std::uint64_t>(size));
  unreadable_count_ = unreadable_offset_ = 0;
  return 0;
}

void SegmentReader::close() {
  forget_ahead();
  if (fd_ >= 0) disk_.close(fd_);
  fd_ = -1;
  size_ = begin_ = end_ = 0;
}

void SegmentReader::load(std::uint64_t offset, std::uint64_t size_min) {
  CHECK(is_open());
  const std::uint64_t begin = std::min(block_of(offset), size_);
  const bool goes_on = begin >= begin_ && begin <= end_ && end_ > 0;
  if (goes_on) {
    drop_before(begin);
  } else {
    forget_ahead();
    begin_ = end_ = begin;
    piece_size_ = piece_min;
  }
  const std::uint64_t wanted = std::min(round_up(offset + size_min, block_size), size_);
  while (reads_ && reads_->count() > 0 && end_ < wanted) take_piece(wanted);
  if (end_ < wanted) read_until(std::min(std::max(wanted, end_ + next_piece_size()), size_));
  if (goes_on) start_ahead();
}

core::Bytes SegmentReader::first_block() {
  CHECK(is_open());
  if (end_ == 0 && size_ > 0) {
    forget_ahead();
    piece_size_ = piece_min;
    read_until(std::min<std::uint64_t>(block_size, size_));
  }
  const core::Bytes loaded = window(0, std::min<std::uint64_t>(block_size, size_));
  return loaded.first(std::min(loaded.size(), block_size));
}

std::uint64_t SegmentReader::next_piece_size() {
  CHECK(piece_size_ >= piece_min);
  const std::uint64_t size = piece_size_;
  piece_size_ = std::min(piece_size_ * 2, piece_max);
  return size;
}

void SegmentReader::drop_before(std::uint64_t begin) {
  CHECK(begin >= begin_);
  CHECK(begin <= end_);
  data_ += begin - begin_;
  begin_ = begin;
}

// --- Ahead of the window

void SegmentReader::start_ahead() {
  if (!reads_) reads_ = disk_.read_ahead();
  std::uint64_t offset = end_;
  for (std::size_t i = 0; i < reads_->count(); ++i)
    offset += ahead_[(ahead_first_ + i) % ahead_max].size;
  while (reads_->count() < ahead_max && offset < size_) {
    Piece& piece = ahead_[(ahead_first_ + reads_->count()) % ahead_max];
    piece.offset = offset;
    piece.size = std::min(next_piece_size(), size_ - offset);
    if (piece.buffer.capacity < front_room + piece.size)
      piece.buffer = Buffer::of(front_room + piece.size);
    reads_->start(
        {fd_, offset, piece.buffer.bytes.get() + front_room, static_cast<std::size_t>(piece.size)});
    offset += piece.size;
  }
}

void SegmentReader::forget_ahead() {
  if (reads_) reads_->forget_all();
}

void SegmentReader::take_piece(std::uint64_t wanted) {
  Piece& piece = ahead_[ahead_first_];
  CHECK(piece.offset == end_);
  std::uint8_t* bytes = piece.buffer.bytes.get() + front_room;
  const std::uint64_t got = finish({piece.offset, piece.size, bytes}, reads_->finish_oldest());
  ahead_first_ = (ahead_first_ + 1) % ahead_max;
  const std::uint64_t kept = end_ - begin_;
  if (kept <= front_room) {
    if (kept > 0) std::memcpy(bytes - kept, data_, kept);
    std::swap(buffer_, piece.buffer);
    data_ = bytes - kept;
  } else {
    reserve(std::max(kept, wanted - begin_) + piece.size);
    std::memcpy(data_ + kept, bytes, got);
  }
  end_ += got;
  if (got < piece.size) forget_ahead();
}

// --- In the window's own buffer

/// Room for `size` bytes from data_ on; those of the window stay.
void SegmentReader::reserve(std::uint64_t size) {
  const std::uint64_t kept = end_ - begin_;
  CHECK(size >= kept);
  const std::uint8_t* buffer_end = buffer_.bytes.get() + buffer_.capacity;
  if (kept > 0 && data_ + size <= buffer_end) return;
  if (buffer_.capacity >= size) {
    if (kept > 0) std::memmove(buffer_.bytes.get(), data_, kept);
  } else {
    Buffer larger = Buffer::of(size);
    if (kept > 0) std::memcpy(larger.bytes.get(), data_, kept);
    buffer_ = std::move(larger);
  }
  data_ = buffer_.bytes.get();
}

void SegmentReader::read_until(std::uint64_t end) {
  CHECK(end > end_);
  CHECK(end <= size_);
  reserve(end - begin_);
  std::uint8_t* cursor = data_ + (end_ - begin_);
  const std::uint64_t size = end - end_;
  end_ +=
      finish({end_, size, cursor}, disk_.read(fd_, end_, cursor, static_cast<std::size_t>(size)));
}

/// The bytes that are there, whole blocks.
std::uint64_t SegmentReader::finish(const Range& range, std::int64_t got) {
  if (got < 0) {
    read_blocks(range);
    return range.size;
  }
  const std::uint64_t size = block_of(static_cast<std::uint64_t>(got));
  CHECK(size <= range.size);
  // The file became shorter under our hands: a program other than the broker works on it.
  if (size < range.size) size_ = range.offset + size;
  return size;
}

void SegmentReader::read_blocks(const Range& range) {
  CHECK(range.offset % block_size == 0 && range.size % block_size == 0);
  for (std::uint64_t done = 0; done < range.size; done += block_size) {
    std::uint8_t* block = range.at + done;
    const std::uint64_t offset = range.offset + done;
    if (disk_.read(fd_, offset, block, block_size) == static_cast<std::int64_t>(block_size))
      continue;
    std::memset(block, 0xff, block_size);
    if (unreadable_count_++ == 0) unreadable_offset_ = offset;
  }
}

}  // namespace lepus::persist
