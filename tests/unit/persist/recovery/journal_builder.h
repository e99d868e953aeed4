// Journals for tests, byte by byte and independent of the journal's own writer: records, batches
// and segments as docs/FORMAT.md says.
//
//   SegmentBuilder first(1, 1);                     // segment 1, first sequence 1
//   first.message({{queue, position}}, "body").end_batch().seal();
//   disk.files[...] = first.bytes();
#pragma once

#include <cstring>
#include <string_view>
#include <vector>

#include "core/base/assert.h"
#include "core/message/message.h"
#include "persist/journal/crc.h"
#include "persist/journal/record.h"
#include "persist/journal/segment_header.h"

namespace lepus::persist {

class SegmentBuilder {
 public:
  static constexpr std::uint64_t default_size = 128 << 10;
  static constexpr std::uint64_t store = 0x5707e;

  SegmentBuilder(std::uint64_t number, std::uint64_t first_sequence)
      : bytes_(default_size), next_sequence_(first_sequence) {
    header.number = number;
    header.first_sequence = first_sequence;
    header.log_start = 1;
    header.size = default_size;
    header.store = store;
  }

  SegmentHeader header;
  bool marks_batches = false;
  bool joins_next = false;  ///< The batch that ends next goes on in the next segment.
  bool continues = false;   ///< The batch that begins next began in the segment before.
  MessageHead head;         ///< Of the next messages; sizes are filled in.

  SegmentBuilder& message(const std::vector<QueueRef>& queues, std::string_view body = "body",
                          std::string_view key = "key") {
    MessageHead full = head;
    full.body_size = body.size();
    full.exchange_size = 2;
    full.key_size = static_cast<std::uint8_t>(key.size());
    full.properties_size = 3;
    begin(RecordType::message, static_cast<std::uint32_t>(queues.size()));
    put(&full, sizeof full);
    put(queues.data(), queues.size() * sizeof(QueueRef));
    put("ex", 2);
    put(key.data(), key.size());
    put("\0\0p", 3);
    put(body.data(), body.size());
    return end();
  }
  SegmentBuilder& settle(const std::vector<SequenceRange>& ranges) {
    begin(RecordType::settle, static_cast<std::uint32_t>(ranges.size()));
    put(ranges.data(), ranges.size() * sizeof(SequenceRange));
    return end();
  }
  SegmentBuilder& delivered(const std::vector<QueueRef>& marks) {
    begin(RecordType::delivered, static_cast<std::uint32_t>(marks.size()));
    put(marks.data(), marks.size() * sizeof(QueueRef));
    return end();
  }
  SegmentBuilder& truncate(std::uint64_t log_start) {
    begin(RecordType::truncate, 1);
    put(&log_start, sizeof log_start);
    return end();
  }
  SegmentBuilder& seal() {
    begin(RecordType::seal, 0);
    return end().end_batch();
  }
  /// A record of a later version's type.
  SegmentBuilder& unknown(bool is_skippable) {
    const std::uint8_t known_flags = record_flags_;
    record_flags_ = is_skippable ? flag_skippable : 0;
    begin(static_cast<RecordType>(is_skippable ? 77 : 78), 3);
    record_flags_ = known_flags;
    put("contents", 8);
    at_ = round_up(at_, record_alignment);
    const auto length = static_cast<std::uint32_t>(at_ - begin_);
    std::memcpy(bytes_.data() + begin_ + offsetof(RecordHeader, length), &length, sizeof length);
    const core::Bytes covered{bytes_.data() + begin_ + sizeof(std::uint32_t),
                              length - sizeof(std::uint32_t)};
    const std::uint32_t crc = crc32c(covered, seed().crc);
    std::memcpy(bytes_.data() + begin_, &crc, sizeof crc);
    return *this;
  }
  /// The next record begins at a block.
  SegmentBuilder& end_batch() {
    if (marks_batches && last_offset_ != 0 && !joins_next) {
      bytes_[last_offset_ + offsetof(RecordHeader, flags)] |= flag_batch_last;
      set_record_crc({bytes_.data() + last_offset_, last_size_}, seed());
    }
    last_offset_ = 0;
    batch_begins_ = true;
    joins_next = false;
    at_ = round_up(at_, block_size);
    return *this;
  }
  SegmentBuilder& skip_sequences(std::uint64_t count) {
    next_sequence_ += count;
    return *this;
  }

  RecordSeed seed() const { return RecordSeed::of(header.store); }
  std::uint64_t next_sequence() const { return next_sequence_; }
  std::size_t end_offset() const { return at_; }
  std::size_t last_size() const { return last_size_; }
  /// The file: all that was written, over what lay there before.
  std::vector<std::uint8_t> bytes(std::vector<std::uint8_t> before = {}) const {
    std::vector<std::uint8_t> file = bytes_;
    encode_segment_header(header, {file.data(), block_size});
    const std::size_t written = round_up(at_, block_size);
    if (before.size() > written)
      std::copy(before.begin() + static_cast<std::ptrdiff_t>(written), before.end(),
                file.begin() + static_cast<std::ptrdiff_t>(written));
    return file;
  }

 private:
  void begin(RecordType type, std::uint32_t count) {
    begin_ = at_;
    const std::uint8_t flags =
        record_flags_ | (marks_batches && batch_begins_ && !continues ? flag_batch_first : 0);
    continues = false;
    const RecordHeader record{
        .sequence = next_sequence_++, .type = type, .flags = flags, .count = count};
    batch_begins_ = false;
    put(&record, sizeof record);
  }
  void put(const void* from, std::size_t size) {
    CHECK(at_ + size <= bytes_.size());
    if (size > 0) std::memcpy(bytes_.data() + at_, from, size);
    at_ += size;
  }
  SegmentBuilder& end() {
    at_ = round_up(at_, record_alignment);
    const auto length = static_cast<std::uint32_t>(at_ - begin_);
    std::memcpy(bytes_.data() + begin_ + offsetof(RecordHeader, length), &length, sizeof length);
    set_record_crc({bytes_.data() + begin_, length}, seed());
    last_offset_ = begin_;
    last_size_ = length;
    return *this;
  }

  std::vector<std::uint8_t> bytes_;
  std::size_t at_ = block_size;
  std::size_t begin_ = 0;
  std::size_t last_offset_ = 0;
  std::size_t last_size_ = 0;
  std::uint64_t next_sequence_;
  bool batch_begins_ = true;
  std::uint8_t record_flags_ = 0;
};

}  // namespace lepus::persist
