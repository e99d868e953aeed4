// Consumers that are there, gone, cancelled, overdue.
#include "net/amqp/channel/consumer_notices.h"

#include <optional>
#include <utility>

#include "net/amqp/connection/events.h"

namespace lepus::amqp {

ConsumerNotices::ConsumerNotices(const ChannelLink& link) : link_(link) {
  overdue_timer_.bind<&ConsumerNotices::look_for_overdue>(this);
}

ConsumerNotices::~ConsumerNotices() {
  link_.context.services.loop().timers().cancel(overdue_timer_);
}

void ConsumerNotices::on_changed(const core::SessionConsumer& consumer, bool is_there) {
  emit_consumer(link_.broker(), link_.context.facts, {link_.number, is_there}, consumer);
}

/// RabbitMQ answers the queue.delete of the same channel first.
void ConsumerNotices::on_cancelled(std::uint32_t number) {
  if (!link_.session.is_open()) return;
  const std::optional<std::string> tag = link_.session.deliveries().on_cancelled(number);
  if (!tag || !link_.context.facts.capabilities.consumer_cancel_notify) return;
  if (link_.session.requests().awaits<core::DeleteQueueRequest>()) {
    cancelled_tags_.push_back(*tag);
  } else {
    link_.send(BasicCancel{*tag, true});
  }
}

void ConsumerNotices::on_queue_deleted() {
  for (const std::string& tag : std::exchange(cancelled_tags_, {}))
    link_.send(BasicCancel{tag, true});
}

void ConsumerNotices::on_overdue(const core::SessionConsumer& consumer) {
  const ConnectionFacts& facts = link_.context.facts;
  link_.context.services.log().write(
      core::LogLevel::warning, core::LogCategory::channel,
      "consumer cancelled: a delivery was not acknowledged in time (consumer_timeout)",
      {{"peer", facts.peer.text()},
       {"user", facts.user},
       {"vhost", facts.vhost_name},
       {"channel", link_.number},
       {"consumer_tag", consumer.tag},
       {"timeout_ms", consumer.timeout / core::nanos_per_ms}});
}

void ConsumerNotices::look_for_overdue(io::Timer& timer) {
  if (!link_.session.is_open()) return;
  io::Loop& loop = link_.context.services.loop();
  loop.timers().arm(timer, link_.session.deliveries().look_for_overdue(loop.now()));
}

}  // namespace lepus::amqp
