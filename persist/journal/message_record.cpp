// The fields of a message, one by one.
#include "persist/journal/message_record.h"

namespace lepus::persist {

MessageHead make_head(const core::Message& message, std::uint64_t enqueued_ms, std::uint8_t flags) {
  MessageHead head;
  head.enqueued_ms = enqueued_ms;
  head.ttl_ms = message.ttl_ms();
  head.body_size = message.body_size();
  head.properties_size = static_cast<std::uint32_t>(message.properties().size());
  head.exchange_size = static_cast<std::uint8_t>(message.exchange().size());
  head.key_size = static_cast<std::uint8_t>(message.routing_key().size());
  head.priority = message.priority();
  head.flags = flags;
  if (!message.persistent()) head.flags |= head_flag_transient;
  return head;
}

core::MessageRef make_message(const RecordView& record, core::MemoryAccount& account) {
  const MessageHead& head = record.head();
  const bool persistent = (head.flags & head_flag_transient) == 0;
  core::MessageRef message =
      core::Message::create({record.exchange(), record.routing_key(), record.properties(),
                             head.body_size, persistent, head.priority, head.ttl_ms},
                            account);
  message->append_body(record.body());
  CHECK(message->complete());
  return message;
}

}  // namespace lepus::persist
