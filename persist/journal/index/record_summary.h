// What a restart needs to know of a record: everything but the message itself. It comes from a
// record, while the batch is closed or when a segment is read, or from the index of a segment,
// where it may stand for several records that are neighbours and alike.
#pragma once

#include <cstdint>
#include <span>

#include "persist/journal/record.h"

namespace lepus::persist {

struct RecordSummary {
  RecordType type = RecordType::seal;
  /// As in the record; of several, batch_first is about the first of them, batch_last the last.
  std::uint8_t flags = 0;
  bool was_paged = false;  ///< A message with head_flag_paged.
  /// Records, one behind the other from `place` on, each of place.size bytes. More than 1 only for
  /// messages: from one to the next the position in each queue grows by one, the rest is the same.
  std::uint32_t count = 1;
  Place place;  ///< Of the first.

  // Of a message.
  std::uint32_t text_size = 0;  ///< Of exchange, routing key and properties.
  std::uint64_t enqueued_ms = 0;
  std::uint64_t ttl_ms = 0;
  std::uint64_t body_size = 0;

  std::span<const QueueRef> queues;       ///< Of a message; of a delivered record the watermarks.
  std::span<const SequenceRange> ranges;  ///< Of a settle record.
  std::uint64_t log_start = 0;            ///< Of a truncate record.
};

/// The summary points into the record. `place` is where the record lies.
inline RecordSummary summary_of(const RecordView& record, const Place& place) {
  const RecordHeader& header = record.header();
  RecordSummary summary;
  summary.type = header.type;
  summary.flags = header.flags;
  summary.place = place;
  switch (header.type) {
    case RecordType::message: {
      const MessageHead& head = record.head();
      summary.was_paged = (head.flags & head_flag_paged) != 0;
      summary.text_size = head.properties_size + head.exchange_size + head.key_size;
      summary.enqueued_ms = head.enqueued_ms;
      summary.ttl_ms = head.ttl_ms;
      summary.body_size = head.body_size;
      summary.queues = record.queues();
      break;
    }
    case RecordType::delivered:
      summary.queues = record.queues();
      break;
    case RecordType::settle:
      summary.ranges = record.ranges();
      break;
    case RecordType::truncate:
      summary.log_start = record.log_start();
      break;
    case RecordType::seal:
      break;
  }
  return summary;
}

}  // namespace lepus::persist
