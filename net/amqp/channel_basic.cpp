// Consumers: basic.consume, cancel, get, qos, and the deliveries. A shared limit (qos global) is
// credit that queues ask for (core/session/shared_prefetch.h).
#include <algorithm>
#include <memory>
#include <utility>

#include "core/message/header_splice.h"
#include "core/stream/stream_spec.h"
#include "net/amqp/channel_impl.h"

namespace lepus::amqp {

using core::AmqpError;
using core::ReplyCode;

namespace {

constexpr std::string_view delivery_count_header = "x-delivery-count";

/// x-priority of a consumer: any integer.
core::Result<std::int32_t> read_priority(core::Bytes arguments, const std::string& queue_title) {
  const auto value = core::FieldTable{arguments}.find("x-priority");
  if (!value) return 0;
  if (!value->is_integer()) {
    return AmqpError{ReplyCode::precondition_failed, "invalid arg 'x-priority' for " + queue_title +
                                                         ": \"expected integer, got " +
                                                         std::string{value->type_name()} + "\""};
  }
  return static_cast<std::int32_t>(
      std::clamp<std::int64_t>(value->as_int64(), INT32_MIN, INT32_MAX));
}

}  // namespace

/// What a consumer of a stream must have, and asks for; nullptr for any other queue.
core::Result<std::unique_ptr<core::StreamSpec>> Channel::read_stream_spec(
    const core::QueueInfo& queue, const BasicConsume& consume) {
  const std::string title = queue_title(queue.name);
  if (queue.parsed.queue_type != core::QueueType::stream) {
    for (const char* key : {"x-stream-offset", "x-stream-filter", "x-stream-match-unfiltered"})
      if (core::FieldTable{consume.arguments}.find(key))
        return AmqpError{
            ReplyCode::precondition_failed,
            "invalid arg '" + std::string{key} + "' for " + title + " of queue type rabbit_" +
                std::string{core::queue_type_name(queue.parsed.queue_type)} + "_queue"};
    return std::unique_ptr<core::StreamSpec>{};
  }
  if (consume.no_ack) {
    return AmqpError{ReplyCode::not_implemented,
                     "automatic acknowledgement not supported by stream " + title};
  }
  if (prefetch_ == 0 && shared_prefetch_.count() == 0) {
    return AmqpError{ReplyCode::precondition_failed,
                     "consumer prefetch count is not set for stream " + title};
  }
  auto spec = core::parse_stream_spec(consume.arguments, consume.consumer_tag, title);
  if (!spec.ok()) return std::move(spec.error());
  return std::make_unique<core::StreamSpec>(std::move(spec.value()));
}

Channel::Outcome Channel::on(const BasicConsume& consume) {
  if (consume.queue == core::reply_to_queue) return consume_replies(consume);
  auto queue = find_queue(core::Permission::read, consume.queue);
  if (!queue.ok()) return std::move(queue.error());
  const core::QueueInfo& info = *queue.value();
  if (consumers_.find(consume.consumer_tag) != core::SessionConsumers::absent) {
    return AmqpError{ReplyCode::not_allowed,
                     "attempt to reuse consumer tag '" + std::string{consume.consumer_tag} + "'"};
  }
  auto priority = read_priority(consume.arguments, queue_title(info.name));
  if (!priority.ok()) return std::move(priority.error());
  auto stream = read_stream_spec(info, consume);
  if (!stream.ok()) return std::move(stream.error());
  auto timeout = read_timeout(info, consume.arguments);
  if (!timeout.ok()) return std::move(timeout.error());
  const std::uint64_t count_max = connection_.server().settings().consumers_per_channel_max;
  if (count_max > 0 && consumers_.count() >= count_max) {
    return AmqpError{ReplyCode::not_allowed, "reached maximum (" + std::to_string(count_max) +
                                                 ") of consumers per channel"};
  }
  Consumer consumer;
  consumer.tag = consume.consumer_tag.empty() ? connection_.server().generate_name("amq.ctag-")
                                              : std::string{consume.consumer_tag};
  consumer.queue = info.id;
  consumer.queue_name = info.name;
  consumer.home = info.home;
  consumer.arguments = core::as_text(consume.arguments);
  consumer.prefetch = consume.no_ack ? 0 : prefetch_;
  consumer.exclusive = consume.exclusive;
  consumer.no_ack = consume.no_ack;
  consumer.timeout = consume.no_ack ? core::never : timeout.value();
  consumer.limited = shared_prefetch_.is_on();
  consumer.paused = flow_stopped_;
  consumer.single_active = consumer.is_waiting = info.effective.single_active_consumer;
  core::ConsumerSpec spec{info.id,
                          ref_,
                          0,
                          consumer.prefetch,
                          priority.value(),
                          consume.no_ack,
                          consume.exclusive,
                          consumer.limited,
                          flow_stopped_,
                          consume.no_ack ? 0 : prefetch_size_};
  spec.number = consumers_.add(std::move(consumer));
  expect(MethodId::basic_consume, consume.no_wait, core::SubscribeRequest{spec.number, info.name});
  broker().send(info.home, core::Subscribe{spec, std::move(stream.value())});
  return std::nullopt;
}

Channel::Outcome Channel::on(const BasicCancel& cancel) {
  if (cancel_replies(cancel)) return std::nullopt;
  const std::uint32_t number = consumers_.find(cancel.consumer_tag);
  if (number == core::SessionConsumers::absent) {
    if (!cancel.no_wait) send(BasicCancelOk{cancel.consumer_tag});
    return std::nullopt;
  }
  expect(MethodId::basic_cancel, cancel.no_wait,
         core::UnsubscribeRequest{number, std::string{cancel.consumer_tag}});
  const Consumer& consumer = consumers_.at(number);
  broker().send(consumer.home,
                core::Unsubscribe{consumer.queue, ref_, consumer.handle, false, true});
  return std::nullopt;
}

/// Its queue was deleted. RabbitMQ answers the queue.delete of the same channel first.
void Channel::on_consumer_cancelled(std::uint32_t number) {
  if (state_ != State::open || !consumers_.contains(number)) return;
  const std::string tag = consumers_.at(number).tag;
  forget_consumer(number);
  if (!connection_.capabilities().consumer_cancel_notify) return;
  if (pending_.awaits<core::DeleteQueueRequest>()) {
    cancelled_tags_.push_back(tag);
  } else {
    send(BasicCancel{tag, true});
  }
}

void Channel::on_consumer_active(std::uint32_t number, bool is_active) {
  if (consumers_.contains(number)) consumers_.at(number).is_waiting = !is_active;
}

void Channel::tell_cancelled() {
  for (const std::string& tag : std::exchange(cancelled_tags_, {})) send(BasicCancel{tag, true});
}

/// With a header that tells of this delivery alone.
template <class Method>
void Channel::send_content(const Method& method, core::MessageRef message, std::string_view header,
                           std::int64_t value) {
  std::vector<std::uint8_t>& properties = connection_.server().properties_scratch();
  core::splice_header(message->properties(), header, value, properties);
  connection_.writer().content(number_, method, properties, std::move(message));
}

Channel::Outcome Channel::on(const BasicGet& get) {
  auto queue = find_queue(core::Permission::read, get.queue);
  if (!queue.ok()) return std::move(queue.error());
  if (queue.value()->parsed.queue_type == core::QueueType::stream) {
    return AmqpError{ReplyCode::not_implemented, "basic.get not supported by stream queues " +
                                                     queue_title(queue.value()->name)};
  }
  const bool is_quorum = queue.value()->parsed.queue_type == core::QueueType::quorum;
  if (is_quorum && queue.value()->effective.single_active_consumer) {
    return AmqpError{ReplyCode::resource_locked,
                     "cannot obtain access to locked " + queue_title(queue.value()->name) +
                         ". basic.get operations are not supported by quorum queues with single "
                         "active consumer"};
  }
  expect(MethodId::basic_get, false, core::GetRequest{});
  broker().send(queue.value()->home, core::Get{queue.value()->id, ref_, get.no_ack});
  return std::nullopt;
}

void Channel::on_get_reply(const core::GetReply& reply, core::MessageRef message) {
  if (state_ != State::open) {
    if (message && !reply.no_ack) broker().send_back(reply.home, reply.queue, reply.sequence);
    return;
  }
  finish_request();
  if (!message) return send(BasicGetEmpty{});
  if (connection_.is_traced()) trace_delivery(reply.queue, *message, reply.redelivered);
  const std::uint64_t tag = next_tag_++;
  const auto size = static_cast<std::uint32_t>(message->body_size());
  if (!reply.no_ack) unacked_.add({tag, reply.queue, reply.sequence, {}, size, reply.home});
  const std::uint64_t begin = connection_.writer().position();
  const BasicGetOk ok{tag, reply.redelivered, message->exchange(), message->routing_key(),
                      reply.message_count};
  if (reply.delivery_count > 0) {
    send_content(ok, std::move(message), delivery_count_header, reply.delivery_count);
  } else {
    connection_.writer().content(number_, ok, std::move(message));
  }
  connection_.writer().note_answer(begin);
  connection_.touch();
}

bool Channel::on_deliver(const core::Deliver& delivery, core::MessageRef message) {
  if (state_ != State::open) {
    if (!delivery.no_ack) broker().send_back(delivery.home, delivery.queue, delivery.sequence);
    return true;
  }
  if (!delivery.queue) {
    on_reply_delivery(delivery, std::move(message));
    return true;
  }
  Consumer& consumer = consumers_.at(delivery.number);
  if (consumer.is_overdue) {
    refuse_cancelled(delivery);
    return true;
  }
  if (connection_.is_traced()) trace_delivery(delivery.queue, *message, delivery.redelivered);
  const std::uint64_t tag = next_tag_++;
  if (!delivery.no_ack) {
    unacked_.add({tag, delivery.queue, delivery.sequence, consumer.handle,
                  static_cast<std::uint32_t>(message->body_size()), delivery.home,
                  consumer.limited});
  }
  if (delivery.used_credit) note_credit_used(delivery.no_ack);
  const BasicDeliver deliver{consumer.tag, tag, delivery.redelivered, message->exchange(),
                             message->routing_key()};
  if (delivery.is_stream) {
    send_content(deliver, std::move(message), "x-stream-offset",
                 static_cast<std::int64_t>(delivery.sequence));
  } else if (delivery.delivery_count > 0) {
    send_content(deliver, std::move(message), delivery_count_header, delivery.delivery_count);
  } else {
    connection_.writer().content(number_, deliver, std::move(message));
  }
  connection_.touch();
  if (!connection_.pauses_consumers()) return true;
  const bool is_new = !std::exchange(consumer.paused, true);
  if (is_new && delivery.home != broker().shard()) broker().send(delivery.home, consumer.flow());
  return false;
}

void Channel::resume_consumers() {
  if (flow_stopped_) return;
  consumers_.for_each([this](std::uint32_t, Consumer& consumer) {
    if (std::exchange(consumer.paused, false)) broker().send(consumer.home, consumer.flow());
  });
}

/// global=false sets the limits of each consumer to come; global=true those shared by all consumers
/// of the channel.
Channel::Outcome Channel::on(const BasicQos& qos) {
  if (qos.global) {
    set_shared_prefetch(qos.prefetch_count, qos.prefetch_size);
  } else {
    prefetch_ = qos.prefetch_count;
    prefetch_size_ = qos.prefetch_size;
  }
  send(BasicQosOk{});
  return std::nullopt;
}

/// What is unacknowledged when a limit is set counts against it, also what basic.get brought; what
/// basic.get brings later does not (RabbitMQ's rule).
void Channel::set_shared_prefetch(std::uint32_t count, std::uint32_t size) {
  const bool was_on = shared_prefetch_.is_on();
  shared_prefetch_.set(count, size);
  const bool is_on = shared_prefetch_.is_on();
  if (!was_on && is_on) {
    unacked_.limit_all();
    transaction_.limit_all();
  }
  consumers_.for_each([&](std::uint32_t, Consumer& consumer) {
    if (std::exchange(consumer.limited, is_on) == is_on) return;
    broker().send(consumer.home, consumer.flow());
  });
  grant_waiting_credit();
}

core::SharedPrefetch::Load Channel::limited_load() const {
  return {unacked_.limited().count + transaction_.limited().count,
          unacked_.limited().bytes + transaction_.limited().bytes};
}

core::Credit Channel::on_credit_request(const core::CreditRequest& request) {
  if (state_ != State::open) return {};
  return shared_prefetch_.request(request, consumers_.at(request.number).no_ack, limited_load());
}

void Channel::on_credit_return(std::uint32_t count) {
  shared_prefetch_.return_credit(count);
  if (state_ == State::open) grant_waiting_credit();
}

void Channel::note_credit_used(bool no_ack) {
  if (shared_prefetch_.consume_credit(no_ack)) grant_waiting_credit();
}

/// A grant may come back at once, and with it this call: each request is out of the list by then.
void Channel::grant_waiting_credit() {
  while (const auto grant = shared_prefetch_.grant_next(limited_load()))
    broker().send(grant->home, grant->command);
}

void Channel::forget_consumer(std::uint32_t number) {
  consumers_.remove(number);
  const Consumer& consumer = consumers_.at(number);
  if (consumer.has_handle()) tell_consumer(consumer, false);
  shared_prefetch_.drop_requests_of(number);
}

}  // namespace lepus::amqp
