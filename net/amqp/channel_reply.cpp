// Direct reply-to on a channel: its one reply consumer, the replies that come for it, and replies
// it sends to others. Replies are no queue's messages: they are not acknowledged, and one that
// finds its requester gone is dropped.
#include <utility>

#include "net/amqp/channel_impl.h"
#include "net/amqp/reply_to.h"

namespace lepus::amqp {

using core::AmqpError;
using core::ReplyCode;

Channel::Outcome Channel::consume_replies(const BasicConsume& consume) {
  if (!reply_name_.empty())
    return AmqpError{ReplyCode::precondition_failed, "reply consumer already set"};
  if (!consume.no_ack)
    return AmqpError{ReplyCode::precondition_failed, "reply consumer cannot acknowledge"};
  reply_secret_ = connection_.server().random_number();
  reply_name_ = make_reply_name({ref_, reply_secret_});
  reply_tag_ = consume.consumer_tag.empty() ? connection_.server().generate_name("amq.ctag-")
                                            : std::string{consume.consumer_tag};
  if (!consume.no_wait) send(BasicConsumeOk{reply_tag_});
  return std::nullopt;
}

/// False: the tag is not that of the reply consumer.
bool Channel::cancel_replies(const BasicCancel& cancel) {
  if (reply_name_.empty() || cancel.consumer_tag != reply_tag_) return false;
  reply_name_.clear();
  reply_tag_.clear();
  if (!cancel.no_wait) send(BasicCancelOk{cancel.consumer_tag});
  return true;
}

/// Responders declare the name they were given to see whether the requester is still there.
Channel::Outcome Channel::declare_reply_queue(const QueueDeclare& declare) {
  if (declare.queue != reply_to_queue) {
    const auto target = parse_reply_name(declare.queue);
    const bool known =
        target && target->channel.shard < broker().topology().shard_count() &&
        (target->channel.shard != ref_.shard || broker().is_attached(target->channel));
    if (!known) return AmqpError{ReplyCode::not_found, "no " + queue_title(declare.queue)};
  }
  if (!declare.no_wait) send(QueueDeclareOk{declare.queue, 0, 1});
  return std::nullopt;
}

/// False: there is no such requester (as far as this shard can know).
bool Channel::send_reply(core::MessageRef message) {
  const auto target = parse_reply_name(message->routing_key());
  if (!target || target->channel.shard >= broker().topology().shard_count()) return false;
  if (target->channel.shard == ref_.shard && !broker().is_attached(target->channel)) return false;
  core::Deliver delivery{};
  delivery.channel = target->channel;
  delivery.sequence = target->secret;
  delivery.home = ref_.shard;
  delivery.no_ack = true;
  delivery.message = core::export_message(std::move(message));
  broker().send(target->channel.shard, delivery);
  return true;
}

void Channel::on_reply_delivery(const core::Deliver& delivery, core::MessageRef message) {
  if (reply_name_.empty() || delivery.sequence != reply_secret_) return;
  const BasicDeliver deliver{reply_tag_, next_tag_++, false, message->exchange(),
                             message->routing_key()};
  connection_.writer().content(number_, deliver, std::move(message));
  connection_.touch();
}

}  // namespace lepus::amqp
