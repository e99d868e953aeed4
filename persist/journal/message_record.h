// The record of a message: its head, its bytes in order, and the message made from it again.
//
//   | RecordHeader | MessageHead | a QueueRef per queue | exchange, key, properties, body, zeros |
#pragma once

#include <cstring>

#include "core/base/assert.h"
#include "core/base/bytes.h"
#include "core/message/message.h"
#include "persist/journal/batch.h"
#include "persist/journal/record.h"

namespace lepus::persist {

MessageHead make_head(const core::Message& message, std::uint64_t enqueued_ms, std::uint8_t flags);

[[gnu::always_inline]] inline std::uint8_t* store_body(std::uint8_t* out,
                                                       const core::Message& message) {
  message.for_each_piece([&out](core::Bytes piece) { out = core::store_bytes(out, piece); });
  return out;
}
inline std::uint8_t* store_body(std::uint8_t* out, const RecordView& record) {
  return core::store_bytes(out, record.body());
}

/// Adds a message record to an open batch. `head` has the sizes of `content`, which is a message or
/// the record of one. The queues are zero: each is named later (store_queue_ref). Returns where the
/// record lies in memory, until something else is added. Inlined, as the message path appends in
/// one place.
template <class Content>
[[gnu::always_inline]] inline std::uint8_t* add_message_record(Batch& batch,
                                                               const MessageHead& head,
                                                               std::uint32_t queue_count,
                                                               const Content& content) {
  const std::uint64_t size = message_record_size(head, queue_count);
  std::uint8_t* const record = batch.add(RecordType::message, queue_count, size);
  const std::uint8_t* const end = record + size;
  std::uint8_t* out = record + sizeof(RecordHeader);
  std::memcpy(out, &head, sizeof head);
  out += sizeof head;
  std::memset(out, 0, queue_count * sizeof(QueueRef));
  out += queue_count * sizeof(QueueRef);
  out = core::store_bytes(out, core::as_bytes(content.exchange()));
  out = core::store_bytes(out, core::as_bytes(content.routing_key()));
  out = core::store_bytes(out, content.properties());
  out = store_body(out, content);
  CHECK(out <= end);
  CHECK(end - out < static_cast<std::ptrdiff_t>(record_alignment));
  std::memset(out, 0, static_cast<std::size_t>(end - out));
  return record;
}

/// Names queue number `index` in a record.
inline void store_queue_ref(std::uint8_t* record, std::uint32_t index, const QueueRef& queue) {
  std::uint8_t* refs = record + sizeof(RecordHeader) + sizeof(MessageHead);
  std::memcpy(refs + index * sizeof queue, &queue, sizeof queue);
}

/// A message with the content of its record. It has no place yet.
core::MessageRef make_message(const RecordView& record, core::MemoryAccount& account);

}  // namespace lepus::persist
