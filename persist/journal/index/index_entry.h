// The entries of an index, one for each record or run of neighbours, in the order of the segment.
//
//   entry:    | what | fields ...
//   what:     bits 0-2 kind; 3 first, 4 last of its batch; messages: 5 another time, 6 another
//             shape, 7 other queues than the message before
//   message:  [time: difference, ms] [shape] [queues]          a run has its count before that
//   shape:    difference of the body's size * 2 + more;  more: text size, TTL + 1, paged
//   queues:   count, each: queue, [difference of the position]
//   settle:   count, each: queue, [difference of the first], last - first
//   marks:    count, each: queue, [difference of the watermark]
//   truncate: segment
//   queue:    0 and then the number and level of a queue that is new, else slot + 1; times 2, plus
//             1 when there is a difference to what is expected
//
// All numbers are varints, differences zigzag. A record lies behind the one before it, the first of
// a batch at the next block; where that is not so, a `skip` says where the next one lies.
#pragma once

#include <cstdint>

#include "core/base/bytes.h"
#include "persist/journal/crc.h"
#include "persist/journal/index/record_summary.h"

namespace lepus::persist {

enum class IndexKind : std::uint8_t {
  message,
  settle,
  marks,
  truncate,
  seal,
  run,   ///< Messages that are neighbours.
  skip,  ///< The next record lies at this offset; in units of record_alignment.
};

constexpr std::uint8_t index_kind_mask = 7;
constexpr unsigned index_flags_shift = 3;  ///< Of flag_batch_first and flag_batch_last.
constexpr std::uint8_t index_has_time = 1 << 5;
constexpr std::uint8_t index_has_shape = 1 << 6;
constexpr std::uint8_t index_has_queues = 1 << 7;

/// Of a message's record, bytes.
constexpr std::uint64_t message_size_of(std::uint64_t queue_count, std::uint64_t text_size,
                                        std::uint64_t body_size) {
  return round_up(sizeof(RecordHeader) + sizeof(MessageHead) + sizeof(QueueRef) * queue_count +
                      text_size + body_size,
                  record_alignment);
}

/// What the length of a record must be by its contents.
constexpr std::uint64_t record_size_of(const RecordSummary& record) {
  switch (record.type) {
    case RecordType::message:
      return message_size_of(record.queues.size(), record.text_size, record.body_size);
    case RecordType::settle:
      return sizeof(RecordHeader) + sizeof(SequenceRange) * record.ranges.size();
    case RecordType::delivered:
      return sizeof(RecordHeader) + sizeof(QueueRef) * record.queues.size();
    case RecordType::truncate:
      return sizeof(RecordHeader) + sizeof(record.log_start);
    case RecordType::seal:
      return sizeof(RecordHeader);
  }
  return 0;
}

/// Where a record with these flags is expected behind one that ends at `end`.
constexpr std::uint64_t expected_offset(std::uint64_t end, std::uint8_t flags) {
  return (flags & flag_batch_first) != 0 ? round_up(end, block_size) : end;
}

/// Of a whole index, whose header has no CRC yet or any.
inline std::uint32_t index_crc(core::Bytes index, std::uint64_t store) {
  constexpr std::size_t crc_end = offsetof(SegmentIndexHeader, crc) + sizeof(std::uint32_t);
  return crc32c(index.subspan(crc_end), RecordSeed::of(store).crc);
}

}  // namespace lepus::persist
