// One record of a journal, out of any bytes. read_record() accepts a record only when its length
// lies inside the range, its CRC is right, its type is known and the sizes inside it add up; after
// that the accessors of RecordView need no checks of their own and never leave the record.
//
//   RecordRead read = read_record(range, seed);      // range starts where the record does
//   if (read.fault == RecordFault::none) use(read.record.body());
//
// Views point into the range. It must be aligned to 8 bytes, as records are in a segment.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

#include "core/base/assert.h"
#include "core/base/bytes.h"
#include "core/message/message.h"
#include "persist/journal/format.h"

namespace lepus::persist {

using Place = core::RecordLocation;

enum class RecordFault : std::uint8_t {
  none,
  blank,     ///< CRC and length are zero: nothing was written here.
  cut,       ///< It runs beyond the range; header().length says how far when that much is there.
  length,    ///< Too short for a header, or not a multiple of 8.
  crc,       ///< The bytes are not what was written.
  type,      ///< Unknown, and not to be gone over.
  contents,  ///< The sizes or ranges inside contradict each other.
};
std::string_view text_of(RecordFault fault);
std::string_view text_of(RecordType type);  ///< "?" for an unknown one.

class RecordView {
 public:
  RecordView() = default;

  const RecordHeader& header() const { return *header_; }
  core::Bytes bytes() const { return {at(), header_->length}; }

  /// Of a message: where it went. Of a delivered record: the delivery watermarks.
  std::span<const QueueRef> queues() const;
  std::span<const SequenceRange> ranges() const;  ///< Of a settle record.
  std::uint64_t log_start() const;                ///< Of a truncate record.

  // Of a message.
  const MessageHead& head() const;
  std::string_view exchange() const;
  std::string_view routing_key() const;
  core::Bytes properties() const;
  core::Bytes body() const;

 private:
  friend struct RecordReader;
  explicit RecordView(const RecordHeader* header) : header_(header) {}
  const std::uint8_t* at() const { return reinterpret_cast<const std::uint8_t*>(header_); }
  const std::uint8_t* text() const;

  const RecordHeader* header_ = nullptr;
};

struct RecordRead {
  RecordFault fault = RecordFault::none;
  RecordView record;  ///< Only without a fault.
  /// What the header claims, even when the fault is `cut`; 0 when there is no header.
  std::uint32_t length = 0;
};

/// What comes before a record in its CRC: the number of the store.
struct RecordSeed {
  std::uint32_t crc = 0;
  static RecordSeed of(std::uint64_t store);
};

RecordRead read_record(core::Bytes range, RecordSeed seed);

/// Of a record that was made here and is complete but for its CRC.
RecordView view_record(const std::uint8_t* record);

/// Fills in the CRC of a record that is complete otherwise; record.size() is its length.
void set_record_crc(std::span<std::uint8_t> record, RecordSeed seed);

/// Whole length of a message record.
constexpr std::uint64_t message_record_size(const MessageHead& head, std::uint32_t queue_count) {
  return round_up(sizeof(RecordHeader) + sizeof(MessageHead) + sizeof(QueueRef) * queue_count +
                      head.exchange_size + head.key_size + head.properties_size + head.body_size,
                  record_alignment);
}

}  // namespace lepus::persist
