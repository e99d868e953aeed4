// Consumers come and go.
#include "net/amqp/channel/consume_methods.h"

#include "net/amqp/connection/facts.h"

namespace lepus::amqp {

using core::AmqpError;
using core::Refusal;
using core::ReplyCode;

Refusal ConsumeMethods::on(const BasicConsume& consume) {
  if (consume.queue == core::reply_to_queue) return consume_replies(consume);
  const Settings& settings = link_.context.services.settings();
  const core::ConsumeRequest request{consume.queue, consume.consumer_tag, consume.no_ack,
                                     consume.exclusive, consume.arguments};
  const core::SessionDeliveries::Options options{tag_or_generated(consume.consumer_tag),
                                                 settings.consumer_timeout,
                                                 settings.consumers_per_channel_max};
  return link_.session.deliveries().subscribe(origin_of(MethodId::basic_consume, consume.no_wait),
                                              request, options);
}

Refusal ConsumeMethods::consume_replies(const BasicConsume& consume) {
  core::ReplyAddress& address = link_.session.reply_address();
  if (address.is_open())
    return AmqpError{ReplyCode::precondition_failed, "reply consumer already set"};
  if (!consume.no_ack)
    return AmqpError{ReplyCode::precondition_failed, "reply consumer cannot acknowledge"};
  const std::uint64_t secret = link_.context.services.next_secret();
  address.open({link_.session.ref(), secret}, link_.context.facts.vhost,
               tag_or_generated(consume.consumer_tag));
  if (!consume.no_wait) link_.send(BasicConsumeOk{address.tag()});
  return std::nullopt;
}

std::string ConsumeMethods::tag_or_generated(std::string_view tag) {
  return tag.empty() ? link_.context.services.generate_name("amq.ctag-") : std::string{tag};
}

Refusal ConsumeMethods::on(const BasicCancel& cancel) {
  if (cancel_replies(cancel)) return std::nullopt;
  const core::PendingAnswer::Origin origin = origin_of(MethodId::basic_cancel, cancel.no_wait);
  const bool is_there = link_.session.deliveries().unsubscribe(origin, cancel.consumer_tag);
  if (!is_there && !cancel.no_wait) link_.send(BasicCancelOk{cancel.consumer_tag});
  return std::nullopt;
}

/// Returns false if the tag is not that of the reply consumer.
bool ConsumeMethods::cancel_replies(const BasicCancel& cancel) {
  core::ReplyAddress& address = link_.session.reply_address();
  if (!address.has_tag(cancel.consumer_tag)) return false;
  address.close();
  if (!cancel.no_wait) link_.send(BasicCancelOk{cancel.consumer_tag});
  return true;
}

Refusal ConsumeMethods::on(const BasicGet& get) {
  return link_.session.requests().get(origin_of(MethodId::basic_get), get.queue, get.no_ack);
}

Refusal ConsumeMethods::on(const BasicQos& qos) {
  const core::PrefetchLimit limit{qos.prefetch_count, qos.prefetch_size};
  if (qos.global) {
    link_.session.deliveries().set_shared_prefetch(limit);
  } else {
    link_.session.deliveries().set_prefetch(limit);
  }
  link_.send(BasicQosOk{});
  return std::nullopt;
}

}  // namespace lepus::amqp
