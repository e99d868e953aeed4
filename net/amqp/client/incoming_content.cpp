// See incoming_content.h.
#include "net/amqp/client/incoming_content.h"

#include "core/message/properties.h"
#include "net/amqp/codec/arguments.h"

namespace lepus::amqp {

core::Refusal IncomingContent::begin(const MethodReady& method) {
  content_ = {};
  if (method.method == MethodId::basic_return) {
    BasicReturn returned;
    if (!decode(method.arguments, returned)) return decode_error(method.method, method.arguments);
    content_.is_return = true;
    content_.reply_text = returned.reply_text;
    content_.exchange = returned.exchange;
    content_.key = returned.routing_key;
    return std::nullopt;
  }
  BasicDeliver deliver;
  if (!decode(method.arguments, deliver)) return decode_error(method.method, method.arguments);
  content_.tag = deliver.delivery_tag;
  content_.exchange = deliver.exchange;
  content_.key = deliver.routing_key;
  return std::nullopt;
}

core::Refusal IncomingContent::set_header(const ContentHeader& header) {
  if (header.body_size > size_max_)
    return core::AmqpError{core::ReplyCode::precondition_failed,
                           "a message of " + std::to_string(header.body_size) +
                               " bytes is larger than max_message_size, " +
                               std::to_string(size_max_)};
  core::PropertiesView view;
  if (!core::decode_properties(header.properties, view))
    return core::properties_error(header.properties);
  core::Message::Parts parts;
  parts.exchange = content_.exchange;
  parts.routing_key = content_.key;
  parts.properties = header.properties;
  parts.body_size = header.body_size;
  parts.persistent = view.is_persistent();
  parts.priority = view.priority;
  content_.message = core::Message::create(parts, memory_);
  return std::nullopt;
}

}  // namespace lepus::amqp
