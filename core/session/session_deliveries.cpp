// Consumers at their queues, and back.
#include "core/session/session_deliveries.h"

#include <utility>

#include "core/broker/broker.h"
#include "core/session/session_listener.h"

namespace lepus::core {

SessionDeliveries::Taken SessionDeliveries::take(const Deliver& delivery, const Message& message) {
  CHECK(delivery.queue);
  const SessionConsumer& consumer = consumers_.at(delivery.number);
  if (consumer.is_overdue) {
    refuse(delivery);
    return {};
  }
  std::uint64_t tag = 0;
  if (delivery.no_ack) {
    link_.counts.add(MessageEvent::deliver_no_ack);
    tag = unacked_.take_tag();
  } else {
    link_.counts.add(MessageEvent::deliver);
    tag = unacked_.add({0, delivery.queue, delivery.sequence, consumer.handle,
                        static_cast<std::uint32_t>(message.body_size()), delivery.home,
                        consumer.limited});
  }
  if (delivery.redelivered) link_.counts.add(MessageEvent::redeliver);
  if (delivery.used_credit) unacked_.consume_credit(delivery.no_ack);
  return {tag, &consumer.tag};
}

/// It was on its way when the queue was told to cancel the consumer.
void SessionDeliveries::refuse(const Deliver& delivery) {
  CHECK(!delivery.no_ack);
  link_.broker.send_back(delivery.home, delivery.queue, delivery.sequence);
  if (!delivery.used_credit) return;
  unacked_.consume_credit(false);
  unacked_.grant_waiting();
}

// --- Consumers

Refusal SessionDeliveries::subscribe(const Origin& origin, const ConsumeRequest& request,
                                     const Options& options) {
  CHECK(!options.tag.empty());
  auto queue = requests_.find_queue(Permission::read, request.queue);
  if (!queue.ok()) return std::move(queue.error());
  const QueueInfo& info = *queue.value();
  if (consumers_.find(request.tag) != SessionConsumers::absent) {
    return AmqpError{ReplyCode::not_allowed,
                     "attempt to reuse consumer tag '" + std::string{request.tag} + "'"};
  }
  auto read = read_consumer_arguments(request, info,
                                      {link_.owner.vhost_name, options.timeout,
                                       prefetch_.count > 0 || unacked_.shared().count() > 0});
  if (!read.ok()) return std::move(read.error());
  if (options.count_max > 0 && consumers_.count() >= options.count_max) {
    return AmqpError{
        ReplyCode::not_allowed,
        "reached maximum (" + std::to_string(options.count_max) + ") of consumers per channel"};
  }
  SessionConsumer consumer;
  consumer.tag = options.tag;
  consumer.queue = info.id;
  consumer.queue_name = info.name;
  consumer.home = info.home;
  consumer.arguments = as_text(request.arguments);
  consumer.prefetch = request.no_ack ? 0 : prefetch_.count;
  consumer.exclusive = request.exclusive;
  consumer.no_ack = request.no_ack;
  consumer.timeout = read.value().timeout;
  consumer.limited = unacked_.shared().is_on();
  consumer.paused = is_flow_stopped_;
  consumer.single_active = consumer.is_waiting = info.effective->single_active_consumer;
  ConsumerSpec spec{info.id,
                    link_.ref,
                    0,
                    consumer.prefetch,
                    read.value().priority,
                    request.no_ack,
                    request.exclusive,
                    consumer.limited,
                    is_flow_stopped_,
                    request.no_ack ? 0 : prefetch_.size};
  std::unique_ptr<ConsumerName> name;
  if (consumer.exclusive || consumer.single_active)
    name = std::make_unique<ConsumerName>(
        ConsumerName{consumer.tag, link_.owner.connection, link_.owner.channel});
  if (options.is_look && read.value().stream != nullptr) read.value().stream->is_look = true;
  spec.number = consumers_.add(std::move(consumer));
  requests_.expect(origin, SubscribeRequest{spec.number, info.name});
  link_.broker.send(info.home, Subscribe{spec, std::move(read.value().stream), std::move(name)});
  return std::nullopt;
}

const SessionConsumer& SessionDeliveries::on_subscribed(const Subscribed& done) {
  SessionConsumer& consumer = consumers_.at(done.number);
  CHECK(!consumer.has_handle());
  CHECK(done.handle.generation != 0);
  consumer.handle = done.handle;
  if (consumer.timeout != never) {
    if (!timeouts_) timeouts_ = std::make_unique<ConsumerTimeouts>();
    timeouts_->add(consumer.timeout);
  }
  link_.listener.on_consumer_changed(consumer, true);
  return consumer;
}

bool SessionDeliveries::unsubscribe(const Origin& origin, std::string_view tag) {
  const std::uint32_t number = consumers_.find(tag);
  if (number == SessionConsumers::absent) return false;
  requests_.expect(origin, UnsubscribeRequest{number, std::string{tag}});
  const SessionConsumer& consumer = consumers_.at(number);
  link_.broker.send(consumer.home,
                    Unsubscribe{consumer.queue, link_.ref, consumer.handle, false, true});
  return true;
}

void SessionDeliveries::forget(std::uint32_t number) {
  if (!consumers_.contains(number)) return;
  consumers_.remove(number);
  const SessionConsumer& consumer = consumers_.at(number);
  if (consumer.has_handle()) link_.listener.on_consumer_changed(consumer, false);
  unacked_.drop_requests_of(number);
}

std::optional<std::string> SessionDeliveries::on_cancelled(std::uint32_t number) {
  if (!consumers_.contains(number)) return std::nullopt;
  std::string tag = consumers_.at(number).tag;
  forget(number);
  return tag;
}

void SessionDeliveries::on_active(std::uint32_t number, bool is_active) {
  if (consumers_.contains(number)) consumers_.at(number).is_waiting = !is_active;
}

// --- At the end of the session

void SessionDeliveries::end_flow() {
  is_flow_stopped_ = true;
  unacked_.drop_requests();
}

void SessionDeliveries::pause_for_good(std::uint32_t number) {
  SessionConsumer& consumer = consumers_.at(number);
  CHECK(consumer.has_handle());
  consumer.paused = true;
  link_.broker.send(consumer.home, consumer.flow());
}

/// Its texts are not needed any more: all at once they would be much to give back.
void SessionDeliveries::leave(std::uint32_t number, const ChannelRef& answer_to) {
  consumers_.remove(number);
  const SessionConsumer consumer = std::exchange(consumers_.at(number), {});
  CHECK(consumer.has_handle());
  link_.listener.on_consumer_changed(consumer, false);
  link_.broker.send(consumer.home, Unsubscribe{consumer.queue, answer_to, consumer.handle});
}

// --- Limits

void SessionDeliveries::set_shared_prefetch(const PrefetchLimit& limit) {
  unacked_.set_shared(limit);
  const bool is_on = unacked_.shared().is_on();
  consumers_.for_each([&](std::uint32_t, SessionConsumer& consumer) {
    if (std::exchange(consumer.limited, is_on) == is_on) return;
    link_.broker.send(consumer.home, consumer.flow());
  });
  unacked_.grant_waiting();
}

/// A queue of this shard knows it from what its DeliveryPort returned.
void SessionDeliveries::pause(std::uint32_t number) {
  SessionConsumer& consumer = consumers_.at(number);
  const bool is_new = !std::exchange(consumer.paused, true);
  if (is_new && consumer.home != link_.broker.shard())
    link_.broker.send(consumer.home, consumer.flow());
}

void SessionDeliveries::resume() {
  if (is_flow_stopped_ || is_held_) return;
  consumers_.for_each([this](std::uint32_t, SessionConsumer& consumer) {
    if (std::exchange(consumer.paused, false)) link_.broker.send(consumer.home, consumer.flow());
  });
}

void SessionDeliveries::hold(bool is_held) {
  CHECK(is_held_ != is_held);
  is_held_ = is_held;
  if (!is_held) return resume();
  consumers_.for_each([this](std::uint32_t, SessionConsumer& consumer) {
    if (!std::exchange(consumer.paused, true)) link_.broker.send(consumer.home, consumer.flow());
  });
}

/// One answer is ours, until all were asked.
void SessionDeliveries::stop_flow(const Origin& origin) {
  is_flow_stopped_ = true;
  const auto answers_due = static_cast<std::uint32_t>(consumers_.count()) + 1;
  requests_.expect(origin, StopConsumersRequest{answers_due});
  consumers_.for_each([this](std::uint32_t, SessionConsumer& consumer) {
    consumer.paused = true;
    ConsumerFlow stop = consumer.flow();
    stop.answer_to = link_.ref;
    link_.broker.send(consumer.home, stop);
  });
  requests_.on_reply({});
}

// --- Time

Nanos SessionDeliveries::look_for_overdue(Nanos now) {
  if (!timeouts_) return never;
  timeouts_->mark(now, unacked_.next_tag());
  bool is_watching = false;
  consumers_.for_each([&](std::uint32_t, SessionConsumer& consumer) {
    if (consumer.is_overdue || consumer.timeout == never) return;
    is_watching = true;
    if (!consumer.has_handle()) return;  // Its queue did not answer yet.
    cancel_overdue(consumer, timeouts_->overdue_below(now, consumer.timeout));
  });
  return is_watching ? now + timeouts_->step() : never;
}

void SessionDeliveries::cancel_overdue(SessionConsumer& consumer, std::uint64_t below_tag) {
  const SessionUnacked::ConsumerKey key{consumer.handle, consumer.home};
  CHECK(consumer.has_handle());
  if (!unacked_.has_below(below_tag, key)) return;
  link_.listener.on_consumer_overdue(consumer);
  consumer.is_overdue = true;
  link_.broker.send(consumer.home, Unsubscribe{consumer.queue, {}, consumer.handle, true});
  unacked_.give_back(key);
}

}  // namespace lepus::core
