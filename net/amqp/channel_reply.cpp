// The methods of direct reply-to (core/session/reply_address.h): consume, cancel and declare of the
// pseudo-queue, and the deliveries of replies.
#include <utility>

#include "net/amqp/channel_impl.h"

namespace lepus::amqp {

using core::AmqpError;
using core::ReplyCode;

Channel::Outcome Channel::consume_replies(const BasicConsume& consume) {
  if (reply_address_.is_open())
    return AmqpError{ReplyCode::precondition_failed, "reply consumer already set"};
  if (!consume.no_ack)
    return AmqpError{ReplyCode::precondition_failed, "reply consumer cannot acknowledge"};
  Server& server = connection_.server();
  reply_address_.open({ref_, server.next_secret()}, connection_.vhost(),
                      consume.consumer_tag.empty() ? server.generate_name("amq.ctag-")
                                                   : std::string{consume.consumer_tag});
  if (!consume.no_wait) send(BasicConsumeOk{reply_address_.tag()});
  return std::nullopt;
}

/// Returns false if the tag is not that of the reply consumer.
bool Channel::cancel_replies(const BasicCancel& cancel) {
  if (!reply_address_.has_tag(cancel.consumer_tag)) return false;
  reply_address_.close();
  if (!cancel.no_wait) send(BasicCancelOk{cancel.consumer_tag});
  return true;
}

/// Responders declare the name they were given to see whether the requester is still there.
Channel::Outcome Channel::declare_reply_queue(const QueueDeclare& declare) {
  if (declare.queue != core::reply_to_queue && !core::is_reply_target(broker(), declare.queue))
    return AmqpError{ReplyCode::not_found, "no " + queue_title(declare.queue)};
  if (!declare.no_wait) send(QueueDeclareOk{declare.queue, 0, 1});
  return std::nullopt;
}

void Channel::on_reply_delivery(const core::Deliver& delivery, core::MessageRef message) {
  if (!reply_address_.accepts(delivery)) return;
  // Nobody holds back who replies; RabbitMQ promises a reply once at most.
  Writer& writer = connection_.writer();
  if (writer.brake().unsent_bytes() > core::limits::replies_unsent_max) return;
  const std::uint64_t begin = writer.position();
  const BasicDeliver deliver{reply_address_.tag(), next_tag_++, false, message->exchange(),
                             message->routing_key()};
  writer.content(number_, deliver, std::move(message));
  writer.note_answer(begin);
  connection_.touch();
}

}  // namespace lepus::amqp
