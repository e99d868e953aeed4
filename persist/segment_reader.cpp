// The window moves forward by keeping what is still wanted and reading behind it.
#include "persist/segment_reader.h"

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "core/base/assert.h"
#include "persist/format.h"

namespace lepus::persist {

namespace {

constexpr std::uint64_t piece_min = 64 << 10;
constexpr std::uint64_t piece_max = 1 << 20;
static_assert(piece_min % block_size == 0 && piece_max % piece_min == 0);

constexpr std::uint64_t round_down(std::uint64_t offset) {
  return offset / block_size * block_size;
}

}  // namespace

int open_for_reading(io::Disk& disk, const std::string& path) {
  const int fd = disk.open(path, {.direct = true});
  return fd == -EINVAL ? disk.open(path, {}) : fd;
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
  size_ = round_down(static_cast<std::uint64_t>(size));
  begin_ = end_ = 0;
  piece_size_ = piece_min;
  unreadable_count_ = unreadable_offset_ = 0;
  return 0;
}

void SegmentReader::close() {
  if (fd_ >= 0) disk_.close(fd_);
  fd_ = -1;
  size_ = begin_ = end_ = 0;
}

void SegmentReader::load(std::uint64_t offset, std::uint64_t size_min) {
  CHECK(is_open());
  const std::uint64_t begin = std::min(round_down(offset), size_);
  const bool goes_on = begin >= begin_ && begin <= end_ && end_ > 0;
  piece_size_ = goes_on ? std::min(piece_size_ * 2, piece_max) : piece_min;
  const std::uint64_t wanted = round_up(offset - begin + size_min, block_size);
  const std::uint64_t end = std::min(begin + std::max(wanted, piece_size_), size_);
  const std::uint64_t kept = goes_on ? end_ - begin : 0;
  CHECK(begin + kept <= end);
  // What is kept lies in the old buffer: it moves before that is replaced.
  if (kept > 0) std::memmove(buffer_.get(), buffer_.get() + (begin - begin_), kept);
  begin_ = begin;
  end_ = begin + kept;
  reserve(end - begin);
  if (end > end_) read_piece(end_, end - end_);
}

void SegmentReader::reserve(std::uint64_t capacity) {
  if (capacity <= capacity_) return;
  std::unique_ptr<std::uint8_t, Free> larger(
      static_cast<std::uint8_t*>(std::aligned_alloc(block_size, capacity)));
  CHECK(larger);
  if (end_ > begin_) std::memcpy(larger.get(), buffer_.get(), end_ - begin_);
  buffer_ = std::move(larger);
  capacity_ = capacity;
}

void SegmentReader::read_piece(std::uint64_t offset, std::uint64_t size) {
  CHECK(offset == end_ && end_ - begin_ + size <= capacity_);
  const std::int64_t got =
      disk_.read(fd_, offset, buffer_.get() + (offset - begin_), static_cast<std::size_t>(size));
  if (got < 0) return read_blocks(offset, size);
  end_ += round_down(static_cast<std::uint64_t>(got));
  // The file became shorter under our hands: a program other than the broker works on it.
  if (end_ < offset + size) size_ = end_;
}

void SegmentReader::read_blocks(std::uint64_t offset, std::uint64_t size) {
  CHECK(offset % block_size == 0 && size % block_size == 0);
  for (std::uint64_t at = offset; at < offset + size; at += block_size) {
    std::uint8_t* block = buffer_.get() + (at - begin_);
    if (disk_.read(fd_, at, block, block_size) == static_cast<std::int64_t>(block_size)) continue;
    std::memset(block, 0xff, block_size);
    if (unreadable_count_++ == 0) unreadable_offset_ = at;
  }
  end_ = offset + size;
}

}  // namespace lepus::persist
