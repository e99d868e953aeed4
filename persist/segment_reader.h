// A window over one segment file: reads it in aligned pieces that grow while the reading goes
// straight on (64 KiB to 1 MiB) and grow further only for a record that is larger. Past the page
// cache where the file system can do that: recovery must see what is on the disk.
//
//   file    |--------------------------------------------|
//   window              |=============|                     begin_ .. end_, in buffer_
//
// Blocks that the disk cannot read are filled with 0xff, which is never a valid record, and are
// counted.
#pragma once

#include <cstdint>
#include <cstdlib>
#include <memory>
#include <string>

#include "core/base/bytes.h"
#include "io/disk.h"

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
  /// All that is loaded from `offset` on, at least `size_min` bytes unless the file ends before.
  /// Valid until the next call. Aligned as `offset` is.
  core::Bytes window(std::uint64_t offset, std::uint64_t size_min) {
    if (offset < begin_ || offset + size_min > end_) load(offset, size_min);
    if (offset >= end_) return {};
    return {buffer_.get() + (offset - begin_), static_cast<std::size_t>(end_ - offset)};
  }

  /// Blocks of this file that the disk could not read so far.
  std::uint64_t unreadable_count() const { return unreadable_count_; }
  std::uint64_t unreadable_offset() const { return unreadable_offset_; }  ///< Of the first.

 private:
  struct Free {
    void operator()(std::uint8_t* bytes) const { std::free(bytes); }
  };

  void load(std::uint64_t offset, std::uint64_t size_min);
  void reserve(std::uint64_t capacity);
  void read_piece(std::uint64_t offset, std::uint64_t size);
  void read_blocks(std::uint64_t offset, std::uint64_t size);

  io::Disk& disk_;
  int fd_ = -1;
  std::uint64_t size_ = 0;
  std::unique_ptr<std::uint8_t, Free> buffer_;
  std::uint64_t capacity_ = 0;
  std::uint64_t begin_ = 0;  ///< A multiple of block_size, as end_ is; begin_ ≤ end_ ≤ size_.
  std::uint64_t end_ = 0;
  std::uint64_t piece_size_ = 0;
  std::uint64_t unreadable_count_ = 0;
  std::uint64_t unreadable_offset_ = 0;
};

/// Opens for reading, past the page cache if possible; a descriptor or -errno.
int open_for_reading(io::Disk& disk, const std::string& path);

}  // namespace lepus::persist
