// Copying what stays.
#include "core/message/message_rewrite.h"

namespace lepus::core {

PropertiesView properties_of(const Message& message) {
  PropertiesView view;
  Bytes rest;
  // They were checked when they came, and are checked by a sum when they come from a disk.
  if (!decode_leading_properties(message.properties(), view, rest)) return {};
  return view;
}

MessageRef rewrite(const Message& message, Message::Parts parts, MemoryAccount& account) {
  parts.persistent = message.persistent();
  parts.priority = message.priority();
  return with_body_of(message, parts, account);
}

MessageRef with_body_of(const Message& message, Message::Parts parts, MemoryAccount& account) {
  parts.body_size = message.body_size();
  MessageRef other = Message::create(parts, account);
  message.for_each_piece([&](Bytes piece) { other->append_body(piece); });
  CHECK(other->complete());
  return other;
}

}  // namespace lepus::core
