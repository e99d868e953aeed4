// One batch of a journal while it is filled: the records of a turn or several, in the memory that
// is then written in one piece.
//
//   offset:  [segment header, when the batch is the first of its segment] [record] [record] ...
//            close(): flags, CRCs, zeros up to the next block
//
// Where it will lie on disk is decided when it is begun, so each record knows its place at once. A
// record can be changed until close().
#pragma once

#include <cstdint>
#include <cstdlib>
#include <memory>

#include "core/base/bytes.h"
#include "persist/journal/record.h"

namespace lepus::persist {

class SegmentIndexBuilder;

/// Memory that direct I/O accepts; grows by doubling.
class BlockBuffer {
 public:
  std::uint8_t* data() { return memory_.get(); }
  const std::uint8_t* data() const { return memory_.get(); }
  std::size_t size() const { return size_; }
  std::size_t capacity() const { return capacity_; }
  /// Adds `size` bytes, not initialised; where they are, until the next call.
  std::uint8_t* grow(std::size_t size);
  /// Forgets the content; memory beyond `capacity_max` is given back.
  void clear(std::size_t capacity_max);

 private:
  struct Free {
    void operator()(std::uint8_t* memory) const { std::free(memory); }
  };
  std::unique_ptr<std::uint8_t, Free> memory_;
  std::size_t size_ = 0;
  std::size_t capacity_ = 0;
};

class Batch {
 public:
  struct Start {
    std::uint64_t number = 0;      ///< Of the batch, for confirms.
    std::uint64_t segment = 0;     ///< Number of the segment it goes to.
    std::uint64_t offset = 0;      ///< In the segment; 0: it is the first, and carries the header.
    std::uint64_t sequence = 0;    ///< Of its first record.
    bool is_continuation = false;  ///< Its batch began in the segment before.
  };
  /// `buffer` is reused memory, or empty.
  Batch(const Start& start, BlockBuffer buffer);

  std::uint64_t number() const { return start_.number; }
  std::uint64_t segment() const { return start_.segment; }
  std::uint64_t offset() const { return start_.offset; }
  std::uint64_t end_offset() const { return start_.offset + buffer_.size(); }
  std::size_t size() const { return buffer_.size(); }
  std::uint64_t next_sequence() const { return next_sequence_; }
  bool is_empty() const { return last_record_ == nothing; }
  bool spans_segments() const { return spans_segments_; }
  std::size_t memory_bytes() const { return buffer_.capacity(); }
  std::uint64_t first_sequence() const { return start_.sequence; }

  /// Adds a record of `length` bytes (a multiple of record_alignment, header included). Returns
  /// where it lies in memory, until the next call; what is behind the header is not initialised.
  std::uint8_t* add(RecordType type, std::uint32_t count, std::size_t length);
  /// Of what add() returned, in the segment.
  std::uint64_t offset_of(const std::uint8_t* record) const {
    return start_.offset + static_cast<std::uint64_t>(record - buffer_.data());
  }
  bool contains(std::uint64_t segment, std::uint64_t offset) const {
    return segment == start_.segment && offset >= start_.offset && offset < end_offset();
  }
  std::uint8_t* at(std::uint64_t offset) { return buffer_.data() + (offset - start_.offset); }

  /// The batch goes on in the next segment: this part counts only together with the next one.
  void set_spans_segments() { spans_segments_ = true; }
  /// Nothing is added or changed any more. `seed`: of its records, which are told to `index`.
  void close(RecordSeed seed, SegmentIndexBuilder& index);
  void close(RecordSeed seed);
  bool is_closed() const { return is_closed_; }
  /// What is to be written at offset(); after close().
  core::Bytes bytes() const { return {buffer_.data(), buffer_.size()}; }
  /// When the batch begins its segment.
  void set_header(const SegmentHeader& header);
  BlockBuffer take_buffer() { return std::move(buffer_); }

 private:
  static constexpr std::size_t nothing = SIZE_MAX;
  template <class Visit>
  void close_with(RecordSeed seed, Visit&& visit);

  Start start_;
  BlockBuffer buffer_;
  std::size_t first_record_;           ///< In the buffer.
  std::size_t last_record_ = nothing;  ///< In the buffer.
  std::uint64_t next_sequence_;
  bool spans_segments_ = false;
  bool is_closed_ = false;
};

}  // namespace lepus::persist
