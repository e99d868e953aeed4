// A window over one segment file: reads it in aligned pieces that grow while the reading goes
// straight on (64 KiB to 1 MiB), some of them ahead of the window then, so that the disk is busy
// while records are looked at. Past the page cache where the file system can do that: recovery must
// see what is on the disk.
//
//   file    |----------------------------------------------------------------|
//   window              |=============|                     begin_ .. end_, at data_
//   ahead_                            |-------------|-------------|
//
// Each piece has a buffer of its own with room in front: what the window still needs of the piece
// before is copied there. Only a record that is larger than that room is put together in the
// window's buffer. Blocks that the disk cannot read are filled with 0xff, which is never a valid
// record, and are counted.
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstdlib>
#include <memory>
#include <string>

#include "core/base/bytes.h"
#include "core/limits.h"
#include "io/disk.h"
#include "persist/journal/format.h"

namespace lepus::persist {

class SegmentReader {
 public:
  explicit SegmentReader(io::Disk& disk) : disk_(disk) {}
  SegmentReader(const SegmentReader&) = delete;
  SegmentReader& operator=(const SegmentReader&) = delete;
  ~SegmentReader() { close(); }

  /// 0 or -errno; another file may be open already.
  int open(const std::string& path);
  void close();
  bool is_open() const { return fd_ >= 0; }

  /// Of the file, whole blocks.
  std::uint64_t size() const { return size_; }
  /// What lies behind `size` bytes counts as not there.
  void limit_size(std::uint64_t size) { size_ = std::min(size_, block_of(size)); }
  /// All that is loaded from `offset` on, at least `size_min` bytes unless the file ends before.
  /// Valid until the next call. Aligned as `offset` is.
  core::Bytes window(std::uint64_t offset, std::uint64_t size_min) {
    if (offset < begin_ || offset + size_min > end_) load(offset, size_min);
    if (offset >= end_) return {};
    return {data_ + (offset - begin_), static_cast<std::size_t>(end_ - offset)};
  }

  /// The same of the first block, and no more than that is read when nothing was yet.
  core::Bytes first_block();

  /// Blocks of this file that the disk could not read so far.
  std::uint64_t unreadable_count() const { return unreadable_count_; }
  std::uint64_t unreadable_offset() const { return unreadable_offset_; }  ///< Of the first.

 private:
  struct Buffer {
    struct Free {
      void operator()(std::uint8_t* memory) const { std::free(memory); }
    };
    std::unique_ptr<std::uint8_t, Free> bytes;
    std::uint64_t capacity = 0;

    static Buffer of(std::uint64_t capacity);
  };
  /// On its way; its bytes come behind the room in front.
  struct Piece {
    Buffer buffer;
    std::uint64_t offset = 0;
    std::uint64_t size = 0;
  };
  struct Range {
    std::uint64_t offset = 0;
    std::uint64_t size = 0;
    std::uint8_t* at = nullptr;
  };
  static constexpr std::size_t ahead_max = core::limits::recovery_reads_ahead;

  void load(std::uint64_t offset, std::uint64_t size_min);
  void drop_before(std::uint64_t begin);
  void start_ahead();
  void forget_ahead();
  void take_piece(std::uint64_t wanted);
  void read_until(std::uint64_t end);
  void reserve(std::uint64_t size);
  std::uint64_t finish(const Range& range, std::int64_t got);
  void read_blocks(const Range& range);
  std::uint64_t next_piece_size();

  io::Disk& disk_;
  int fd_ = -1;
  std::uint64_t size_ = 0;
  Buffer buffer_;                 ///< The window is in it.
  std::uint8_t* data_ = nullptr;  ///< Of begin_.
  std::uint64_t begin_ = 0;  ///< A multiple of block_size, as end_ is; begin_ ≤ end_ ≤ size_.
  std::uint64_t end_ = 0;
  std::uint64_t piece_size_ = 0;
  std::array<Piece, ahead_max> ahead_;  ///< A ring: the oldest is at ahead_first_.
  std::size_t ahead_first_ = 0;
  std::unique_ptr<io::ReadAhead> reads_;  ///< One for each piece ahead. Destroyed before buffers.
  std::uint64_t unreadable_count_ = 0;
  std::uint64_t unreadable_offset_ = 0;
};

/// Opens for reading, past the page cache if possible; a descriptor or -errno.
int open_for_reading(io::Disk& disk, const std::string& path);

}  // namespace lepus::persist
