// Consumers, deliveries and acknowledgements: basic.consume, cancel, get, qos, ack, nack, reject,
// recover, and what is written of deliveries. Direct reply-to has a consumer of its own kind
// (core/session/reply_address.h).
#include <utility>

#include "core/limits.h"
#include "core/message/header_splice.h"
#include "net/amqp/channel_impl.h"

namespace lepus::amqp {

using core::AmqpError;
using core::ReplyCode;

namespace {

constexpr std::string_view delivery_count_header = "x-delivery-count";

core::Outcome outcome_of(bool requeue) {
  return requeue ? core::Outcome::requeued : core::Outcome::rejected;
}

}  // namespace

// --- Consumers

Channel::Outcome Channel::on(const BasicConsume& consume) {
  if (consume.queue == core::reply_to_queue) return consume_replies(consume);
  const core::ConsumeRequest request{consume.queue, consume.consumer_tag, consume.no_ack,
                                     consume.exclusive, consume.arguments};
  const core::SessionDeliveries::Options options{
      consume.consumer_tag.empty() ? context_.services.generate_name("amq.ctag-")
                                   : std::string{consume.consumer_tag},
      context_.services.settings().consumer_timeout,
      context_.services.settings().consumers_per_channel_max};
  return session_.deliveries().subscribe(origin_of(MethodId::basic_consume, consume.no_wait),
                                         request, options);
}

Channel::Outcome Channel::consume_replies(const BasicConsume& consume) {
  core::ReplyAddress& address = session_.reply_address();
  if (address.is_open())
    return AmqpError{ReplyCode::precondition_failed, "reply consumer already set"};
  if (!consume.no_ack)
    return AmqpError{ReplyCode::precondition_failed, "reply consumer cannot acknowledge"};
  address.open({session_.ref(), context_.services.next_secret()}, context_.facts.vhost,
               consume.consumer_tag.empty() ? context_.services.generate_name("amq.ctag-")
                                            : std::string{consume.consumer_tag});
  if (!consume.no_wait) send(BasicConsumeOk{address.tag()});
  return std::nullopt;
}

Channel::Outcome Channel::on(const BasicCancel& cancel) {
  if (cancel_replies(cancel)) return std::nullopt;
  const Origin origin = origin_of(MethodId::basic_cancel, cancel.no_wait);
  const bool is_there = session_.deliveries().unsubscribe(origin, cancel.consumer_tag);
  if (!is_there && !cancel.no_wait) send(BasicCancelOk{cancel.consumer_tag});
  return std::nullopt;
}

/// Returns false if the tag is not that of the reply consumer.
bool Channel::cancel_replies(const BasicCancel& cancel) {
  if (!session_.reply_address().has_tag(cancel.consumer_tag)) return false;
  session_.reply_address().close();
  if (!cancel.no_wait) send(BasicCancelOk{cancel.consumer_tag});
  return true;
}

/// Its queue was deleted. RabbitMQ answers the queue.delete of the same channel first.
void Channel::on_consumer_cancelled(std::uint32_t number) {
  if (state_ != State::open) return;
  const std::optional<std::string> tag = session_.deliveries().on_cancelled(number);
  if (!tag || !context_.facts.capabilities.consumer_cancel_notify) return;
  if (session_.requests().awaits<core::DeleteQueueRequest>()) {
    cancelled_tags_.push_back(*tag);
  } else {
    send(BasicCancel{*tag, true});
  }
}

void Channel::tell_cancelled() {
  for (const std::string& tag : std::exchange(cancelled_tags_, {})) send(BasicCancel{tag, true});
}

void Channel::on_consumer_active(std::uint32_t number, bool is_active) {
  session_.deliveries().on_active(number, is_active);
}

void Channel::on_consumer_overdue(const core::SessionConsumer& consumer) {
  context_.services.log().write(
      core::LogLevel::warning, core::LogCategory::channel,
      "consumer cancelled: a delivery was not acknowledged in time (consumer_timeout)",
      {{"peer", context_.facts.peer.text()},
       {"user", context_.facts.user},
       {"vhost", context_.facts.vhost_name},
       {"channel", number_},
       {"consumer_tag", consumer.tag},
       {"timeout_ms", consumer.timeout / core::nanos_per_ms}});
}

void Channel::look_for_overdue(io::Timer& timer) {
  if (state_ != State::open) return;
  io::Loop& loop = context_.services.loop();
  loop.timers().arm(timer, session_.deliveries().look_for_overdue(loop.now()));
}

/// global=false sets the limits of each consumer to come; global=true those shared by all consumers
/// of the channel.
Channel::Outcome Channel::on(const BasicQos& qos) {
  const core::PrefetchLimit limit{qos.prefetch_count, qos.prefetch_size};
  if (qos.global) {
    session_.deliveries().set_shared_prefetch(limit);
  } else {
    session_.deliveries().set_prefetch(limit);
  }
  send(BasicQosOk{});
  return std::nullopt;
}

core::Credit Channel::on_credit_request(const core::CreditRequest& request) {
  if (!session_.is_open()) return {};
  return session_.deliveries().on_credit_request(request);
}

void Channel::on_credit_return(std::uint32_t count) {
  session_.unacked().return_credit(count);
  if (session_.is_open()) session_.unacked().grant_waiting();
}

// --- Deliveries

/// With a header that tells of this delivery alone.
template <class Method>
void Channel::send_content(const Method& method, core::MessageRef message, std::string_view header,
                           std::int64_t value) {
  std::vector<std::uint8_t>& properties = context_.services.properties_scratch();
  core::splice_header(message->properties(), header, value, properties);
  output_.writer().content(number_, method, properties, std::move(message));
}

Channel::Outcome Channel::on(const BasicGet& get) {
  return session_.requests().get(origin_of(MethodId::basic_get), get.queue, get.no_ack);
}

void Channel::on_message_got(const core::GetReply& reply, std::uint64_t tag,
                             core::MessageRef message) {
  if (!message) return send(BasicGetEmpty{});
  const std::uint64_t begin = output_.writer().position();
  const BasicGetOk ok{tag, reply.redelivered, message->exchange(), message->routing_key(),
                      reply.message_count};
  if (reply.delivery_count > 0) {
    send_content(ok, std::move(message), delivery_count_header, reply.delivery_count);
  } else {
    output_.writer().content(number_, ok, std::move(message));
  }
  output_.writer().note_answer(begin);
  output_.touch();
}

bool Channel::on_deliver(const core::Deliver& delivery, core::MessageRef message) {
  Writer& writer = output_.writer();
  const bool is_reply = !delivery.queue;
  // Nobody holds back who replies; RabbitMQ promises a reply once at most.
  if (is_reply && writer.brake().unsent_bytes() > core::limits::replies_unsent_max) return true;
  const core::Session::Taken taken = session_.take_delivery(delivery, *message);
  if (taken.tag == 0) return true;
  const std::uint64_t begin = writer.position();
  const BasicDeliver deliver{*taken.consumer_tag, taken.tag, delivery.redelivered,
                             message->exchange(), message->routing_key()};
  if (delivery.is_stream) {
    send_content(deliver, std::move(message), "x-stream-offset",
                 static_cast<std::int64_t>(delivery.sequence));
  } else if (delivery.delivery_count > 0) {
    send_content(deliver, std::move(message), delivery_count_header, delivery.delivery_count);
  } else {
    writer.content(number_, deliver, std::move(message));
  }
  if (is_reply) writer.note_answer(begin);
  output_.touch();
  if (is_reply || !output_.pauses_consumers()) return true;
  session_.deliveries().pause(delivery.number);
  return false;
}

// --- Acknowledgements

Channel::Outcome Channel::on(const BasicAck& ack) {
  return session_.unacked().settle(ack.delivery_tag, ack.multiple, core::Outcome::acknowledged);
}
Channel::Outcome Channel::on(const BasicNack& nack) {
  return session_.unacked().settle(nack.delivery_tag, nack.multiple, outcome_of(nack.requeue));
}
Channel::Outcome Channel::on(const BasicReject& reject) {
  return session_.unacked().settle(reject.delivery_tag, false, outcome_of(reject.requeue));
}

Channel::Outcome Channel::on(const BasicRecover& recover) {
  session_.unacked().recover(recover.requeue);
  send(BasicRecoverOk{});
  return std::nullopt;
}
Channel::Outcome Channel::on(const BasicRecoverAsync& recover) {
  session_.unacked().recover(recover.requeue);
  return std::nullopt;
}

}  // namespace lepus::amqp
