// Direct reads and writes where the file systems take them: a backup is larger than memory, and
// must not push what the broker reads out of the page cache.
#include "persist/backup/file_copy.h"

#include <fmt/format.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "core/base/assert.h"
#include "core/limits/backup.h"
#include "persist/journal/format.h"

namespace lepus::persist {

namespace {

std::string failed(const char* label, const std::string& path, int code) {
  return fmt::format("cannot {} {}: {}", label, path, std::strerror(-code));
}

}  // namespace

FileCopy::FileCopy(io::Disk& disk, CopyMonitor& monitor, UnreadableBytes& unreadable)
    : disk_(disk),
      monitor_(monitor),
      unreadable_(unreadable),
      piece_(static_cast<std::uint8_t*>(
          std::aligned_alloc(block_size, core::limits::backup_piece_size))) {
  CHECK(piece_ != nullptr);
}

int FileCopy::open(const std::string& path, bool writes) {
  io::OpenMode mode{.write = writes, .create = writes, .direct = true};
  const int fd = disk_.open(path, mode);
  if (fd != -EINVAL) return fd;
  mode.direct = false;
  return disk_.open(path, mode);
}

std::string FileCopy::copy(const Order& order) {
  const int from = open(order.from, false);
  if (from < 0) return failed("read", order.from, from);
  const int to = open(order.to, true);
  std::string error;
  if (to < 0) error = failed("make", order.to, to);
  if (error.empty()) error = copy_pieces(order, from, to);
  if (error.empty()) {
    int code = disk_.truncate(to, order.size);
    if (code == 0) code = disk_.sync(to);
    if (code < 0) error = failed("write", order.to, code);
  }
  if (to >= 0) disk_.close(to);
  disk_.close(from);
  return error;
}

/// The last piece is written up to a block, as direct files want it; the size is set afterwards.
std::string FileCopy::copy_pieces(const Order& order, int from, int to) {
  CHECK(order.bytes <= order.size);
  for (std::uint64_t offset = 0; offset < order.bytes;) {
    const auto size = static_cast<std::size_t>(
        std::min<std::uint64_t>(core::limits::backup_piece_size, order.bytes - offset));
    if (const int code = read_piece(order, from, offset, size); code < 0)
      return failed("read", order.from, code);
    const std::size_t whole = (size + block_size - 1) / block_size * block_size;
    if (const int code = disk_.write(to, offset, {piece_.get(), whole}); code < 0)
      return failed("write", order.to, code);
    offset += size;
    if (!monitor_.on_copied(size)) return copy_stopped;
  }
  return {};
}

/// What the disk does not give back block by block either is zeros. A file that ends early was cut
/// off by somebody: the rest is what cannot be read.
int FileCopy::read_piece(const Order& order, int from, std::uint64_t offset, std::size_t size) {
  CHECK(size > 0 && size <= core::limits::backup_piece_size);
  CHECK(offset % block_size == 0);
  const std::size_t whole = (size + block_size - 1) / block_size * block_size;
  const std::int64_t got = disk_.read(from, offset, piece_.get(), whole);
  if (got >= static_cast<std::int64_t>(size)) return 0;
  for (std::size_t block = 0; block < whole; block += block_size)
    if (const int code = read_block(order, from, offset + block, piece_.get() + block); code < 0)
      return code;
  return 0;
}

int FileCopy::read_block(const Order& order, int from, std::uint64_t offset, std::uint8_t* block) {
  const std::int64_t got = disk_.read(from, offset, block, block_size);
  CHECK(offset < order.bytes);
  const std::uint64_t wanted = std::min<std::uint64_t>(block_size, order.bytes - offset);
  if (got >= static_cast<std::int64_t>(wanted)) return 0;
  if (got < 0 && got != -EIO && got != -EBADMSG && got != -EUCLEAN) return static_cast<int>(got);
  const std::size_t valid = got > 0 ? static_cast<std::size_t>(got) : 0;
  std::memset(block + valid, 0, block_size - valid);
  unreadable_.bytes += wanted - valid;
  if (unreadable_.places.size() < core::limits::backup_places_max)
    unreadable_.places.push_back(fmt::format("{}: {}", order.from, offset + valid));
  return 0;
}

}  // namespace lepus::persist
