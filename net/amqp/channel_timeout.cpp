// Deliveries that are not acknowledged in time (consumer_timeout, x-consumer-timeout): their
// consumer is cancelled, what it had goes back to the queue. The channel stays, and a late
// acknowledgement of what went back is no error.
//
//   overdue -> the queue is told; what it delivered before goes back
//           -> the queue answers: basic.cancel
#include <algorithm>
#include <utility>

#include "net/amqp/channel_impl.h"

namespace lepus::amqp {

using core::AmqpError;
using core::ReplyCode;

namespace {

constexpr std::string_view timeout_key = "x-consumer-timeout";

}  // namespace

/// The consumer's own, its queue's, or the broker's; core::never when there is none.
core::Result<core::Nanos> Channel::read_timeout(const core::QueueInfo& queue,
                                                core::Bytes arguments) {
  constexpr std::int64_t ms_max = core::never / core::nanos_per_ms / 2;
  const auto value = core::FieldTable{arguments}.find(timeout_key);
  std::optional<std::uint64_t> timeout_ms = queue.effective.consumer_timeout_ms;
  if (value && value->is_integer() && value->as_int64() > 0) {
    timeout_ms = static_cast<std::uint64_t>(value->as_int64());
  } else if (value) {
    return AmqpError{ReplyCode::precondition_failed, "invalid arg '" + std::string{timeout_key} +
                                                         "' for " + queue_title(queue.name) +
                                                         ": expected milliseconds, 1 or more"};
  }
  if (!timeout_ms) return connection_.server().settings().consumer_timeout;
  return static_cast<core::Nanos>(std::min<std::uint64_t>(*timeout_ms, ms_max)) *
         core::nanos_per_ms;
}

void Channel::start_timeout(const Consumer& consumer) {
  if (consumer.timeout == core::never) return;
  if (!timeouts_) {
    timeouts_ = std::make_unique<Timeouts>();
    timeouts_->timer.bind<&Channel::look_for_overdue>(this);
  }
  timeouts_->marks.add(consumer.timeout);
  io::TimerWheel& timers = connection_.server().loop().timers();
  timers.cancel(timeouts_->timer);
  look_for_overdue(timeouts_->timer);
}

void Channel::look_for_overdue(io::Timer& timer) {
  if (state_ != State::open) return;
  io::Loop& loop = connection_.server().loop();
  timeouts_->marks.mark(loop.now(), next_tag_);
  bool is_watching = false;
  consumers_.for_each([&](std::uint32_t, Consumer& consumer) {
    if (consumer.is_overdue || consumer.timeout == core::never) return;
    is_watching = true;
    if (!consumer.has_handle()) return;  // Its queue did not answer yet.
    cancel_overdue(consumer, timeouts_->marks.overdue_below(loop.now(), consumer.timeout));
  });
  if (is_watching) loop.timers().arm(timer, loop.now() + timeouts_->marks.step());
}

void Channel::cancel_overdue(Consumer& consumer, std::uint64_t tag) {
  const core::UnackedWindow::ConsumerKey taker{consumer.handle, consumer.home};
  if (!unacked_.has_below(tag, taker)) return;
  connection_.log_timeout(number_, consumer.tag, consumer.timeout);
  consumer.is_overdue = true;
  std::vector<core::UnackedWindow::Entry> entries;
  unacked_.give_back(taker, entries);
  broker().send(consumer.home, core::Unsubscribe{consumer.queue, {}, consumer.handle, true});
  settle_entries(entries, core::Outcome::returned);
}

/// What was on its way when the queue was told to cancel the consumer.
void Channel::refuse_cancelled(const core::Deliver& delivery) {
  CHECK(!delivery.no_ack);
  broker().send_back(delivery.home, delivery.queue, delivery.sequence);
  if (!delivery.used_credit) return;
  (void)shared_prefetch_.consume_credit(false);
  grant_waiting_credit();
}

}  // namespace lepus::amqp
