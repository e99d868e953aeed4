// What the channel is told of itself.
#include "net/amqp/channel/channel_methods.h"

#include "net/amqp/connection/facts.h"

namespace lepus::amqp {

using core::AmqpError;
using core::Refusal;
using core::ReplyCode;

Refusal ChannelMethods::on(const ChannelOpen&) {
  return AmqpError{ReplyCode::channel_error, "second 'channel.open' seen"};
}

Refusal ChannelMethods::on(const ChannelFlow& flow) {
  const ChannelContext& context = link_.context;
  const bool may_stop =
      context.facts.capabilities.channel_flow || context.services.settings().channel_flow;
  if (!flow.active && !may_stop) return AmqpError{ReplyCode::not_implemented, "active=false"};
  core::SessionDeliveries& deliveries = link_.session.deliveries();
  if (!flow.active) {
    deliveries.stop_flow(origin_of(MethodId::channel_flow));
    return std::nullopt;
  }
  const bool was_stopped = deliveries.is_flow_stopped();
  deliveries.start_flow();
  if (was_stopped && !link_.output.pauses_consumers()) deliveries.resume();
  link_.send(ChannelFlowOk{true});
  return std::nullopt;
}

Refusal ChannelMethods::on(const ChannelClose&) {
  closing_.on_close_method();
  return std::nullopt;
}

Refusal ChannelMethods::on(const AccessRequest&) {
  link_.send(AccessRequestOk{1});
  return std::nullopt;
}

}  // namespace lepus::amqp
