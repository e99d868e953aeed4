// The record of a message: its head, its bytes in order, and the message made from it again.
//
//   | RecordHeader | MessageHead | a QueueRef per queue | exchange, key, properties, body, zeros |
#pragma once

#include <cstring>

#include "core/base/assert.h"
#include "core/base/bytes.h"
#include "core/message/message.h"
#include "persist/journal/record.h"

namespace lepus::persist {

MessageHead make_head(const core::Message& message, std::uint64_t enqueued_ms, std::uint8_t flags);

/// Where a message record of message_record_size(head, queue_count) bytes begins.
struct MessageRecordSpace {
  std::uint8_t* begin;
  std::uint32_t queue_count;
};

/// Fills a record behind its RecordHeader. The queues are zero: each is named later
/// (store_queue_ref). `content` has exchange(), routing_key() and properties(); store_body(out)
/// stores the body and returns the end of it.
template <class Content, class StoreBody>
void fill_message_record(const MessageRecordSpace& record, const MessageHead& head,
                         const Content& content, StoreBody&& store_body) {
  const std::uint8_t* const end = record.begin + message_record_size(head, record.queue_count);
  std::uint8_t* out = record.begin + sizeof(RecordHeader);
  std::memcpy(out, &head, sizeof head);
  out += sizeof head;
  std::memset(out, 0, record.queue_count * sizeof(QueueRef));
  out += record.queue_count * sizeof(QueueRef);
  out = core::store_bytes(out, core::as_bytes(content.exchange()));
  out = core::store_bytes(out, core::as_bytes(content.routing_key()));
  out = core::store_bytes(out, content.properties());
  out = store_body(out);
  CHECK(out <= end);
  CHECK(end - out < static_cast<std::ptrdiff_t>(record_alignment));
  std::memset(out, 0, static_cast<std::size_t>(end - out));
}

/// Names queue number `index` in a record.
inline void store_queue_ref(std::uint8_t* record, std::uint32_t index, const QueueRef& queue) {
  std::uint8_t* refs = record + sizeof(RecordHeader) + sizeof(MessageHead);
  std::memcpy(refs + index * sizeof queue, &queue, sizeof queue);
}

/// A message with the content of its record. It has no place yet.
core::MessageRef make_message(const RecordView& record, core::MemoryAccount& account);

}  // namespace lepus::persist
