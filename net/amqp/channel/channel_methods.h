// The methods of the channel itself: channel.open, flow and close, and access.request. What a
// channel that is closing still does is channel_closing.h.
#pragma once

#include "core/amqp_error.h"
#include "net/amqp/channel/channel_closing.h"
#include "net/amqp/channel/channel_link.h"

namespace lepus::amqp {

class ChannelMethods {
 public:
  /// Both outlive this object, or at least its last call.
  ChannelMethods(const ChannelLink& link, ChannelClosing& closing)
      : link_(link), closing_(closing) {}

  /// The first one made the channel (net/amqp/connection/channel_table.h).
  core::Refusal on(const ChannelOpen& open);
  /// RabbitMQ answers a stop with 540, and so does Lepus unless the client's capabilities or the
  /// settings say otherwise: clients' own tests depend on it. What basic.get asks for, and replies
  /// by direct reply-to, come nevertheless: nobody else holds them.
  core::Refusal on(const ChannelFlow& flow);
  core::Refusal on(const ChannelClose& close);
  core::Refusal on(const AccessRequest& request);

 private:
  const ChannelLink& link_;
  ChannelClosing& closing_;
};

}  // namespace lepus::amqp
