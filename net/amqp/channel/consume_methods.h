// basic.consume, cancel, get and qos: who gets messages, and how many. Direct reply-to has a
// consumer of its own kind (core/session/reply_address.h). What comes to consumers is written by
// delivery_writer.h, and acknowledged in settle_methods.h.
#pragma once

#include <string>
#include <string_view>

#include "core/amqp_error.h"
#include "net/amqp/channel/channel_link.h"

namespace lepus::amqp {

class ConsumeMethods {
 public:
  /// `link` outlives this object, or at least its last call.
  explicit ConsumeMethods(const ChannelLink& link) : link_(link) {}

  core::Refusal on(const BasicConsume& consume);
  core::Refusal on(const BasicCancel& cancel);
  core::Refusal on(const BasicGet& get);
  /// global=false sets the limits of each consumer to come; global=true those shared by all
  /// consumers of the channel.
  core::Refusal on(const BasicQos& qos);

 private:
  core::Refusal consume_replies(const BasicConsume& consume);
  bool cancel_replies(const BasicCancel& cancel);
  std::string tag_or_generated(std::string_view tag);

  const ChannelLink& link_;
};

}  // namespace lepus::amqp
