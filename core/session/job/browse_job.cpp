// Where it begins, what it is delivered, when it ends.
#include "core/session/job/browse_job.h"

#include <algorithm>
#include <utility>
#include <variant>

#include "core/limits/live.h"
#include "core/message/field_table_writer.h"

namespace lepus::core {

BrowseJob::BrowseJob(Broker& broker, std::unique_ptr<MessageRequest> request)
    : SessionJob(broker, std::move(request), static_cast<DeliveryPort*>(this)) {}

/// Here and not in the base: what the queue delivers meanwhile still comes to this object.
BrowseJob::~BrowseJob() {
  if (session().is_open()) session().close(false);
  session().closing().finish();
}

StreamLog* BrowseJob::find_log() { return broker().description().find_stream(queue_); }

bool BrowseJob::has_work() const {
  return !is_done() && (phase_ == Phase::waiting || has_news_ || is_skipping_);
}

void BrowseJob::work() {
  CHECK(!is_done());
  CHECK(has_work());
  if (phase_ == Phase::waiting) return begin();
  if (std::exchange(is_paused_, false)) session().deliveries().resume();
}

void BrowseJob::begin() {
  const QueueInfo* info = broker().topology().find_queue(request().vhost, request().queue);
  if (info != nullptr) queue_ = info->id;
  StreamLog* log = info == nullptr ? nullptr : find_log();
  if (log == nullptr) return fail(missing());
  end_ = log->end();
  next_ = log->start_of(request().start);
  phase_ = Phase::subscribing;
  if (next_ >= end_) {
    phase_ = Phase::enough;
    return;
  }
  if (auto refused = subscribe()) fail(std::move(*refused));
}

AmqpError BrowseJob::missing() const {
  return {ReplyCode::not_found,
          "no stream '" + request().queue + "' in vhost '" + request().vhost_name + "'"};
}

Refusal BrowseJob::subscribe() {
  CHECK(next_ < end_);
  FieldTableWriter arguments;
  arguments.int64("x-stream-offset", static_cast<std::int64_t>(next_));
  const auto encoded = arguments.take();
  SessionDeliveries& deliveries = session().deliveries();
  deliveries.set_prefetch({request().count_max, 0});
  ConsumeRequest wanted{request().queue, "browse", false, false, as_bytes(encoded)};
  SessionDeliveries::Options options;
  options.tag = "browse";
  options.is_look = true;
  return deliveries.subscribe({}, wanted, options);
}

void BrowseJob::on_answer(const PendingAnswer::Origin& origin, const Answer& answer) {
  if (const auto* failed = std::get_if<SubscribeFailed>(&answer))
    return fail(failed->why.error.detail.empty() ? missing() : AmqpError{failed->why.error});
  if (phase_ == Phase::subscribing && std::holds_alternative<Subscribed>(answer))
    phase_ = Phase::reading;
  SessionJob::on_answer(origin, answer);
}

/// What comes while the session closes goes back.
bool BrowseJob::on_deliver(const Deliver& delivery, MessageRef message) {
  if (session().take_delivery(delivery, *message).tag == 0) return true;
  has_news_ = true;
  if (phase_ == Phase::enough || is_done()) return false;
  next_ = delivery.sequence + 1;
  ShownMessage shown;
  shown.offset = delivery.sequence;
  if (const StreamLog* log = find_log()) shown.arrived_ms = log->arrived_ms(delivery.sequence);
  const std::uint64_t before = shown_bytes();
  if (show(*message, std::move(shown))) phase_ = Phase::enough;
  turn_bytes_ += shown_bytes() - before;
  if (phase_ == Phase::enough) return false;
  if (turn_bytes_ < limits::job_bytes_per_turn) return true;
  is_paused_ = true;
  session().deliveries().pause(delivery.number);
  return false;
}

/// The queue was deleted: what was shown until then was there.
void BrowseJob::on_consumer_cancelled(std::uint32_t number) {
  (void)session().deliveries().on_cancelled(number);
  phase_ = Phase::enough;
  has_news_ = true;
}

/// Messages that cannot be read are not delivered: whether there are more says the log.
void BrowseJob::collect() {
  turn_bytes_ = 0;
  has_news_ = is_paused_;
  if (is_done()) return;
  if (phase_ == Phase::reading) {
    StreamLog* log = find_log();
    if (log != nullptr) {
      const Sequence from = std::max(next_, log->first());
      next_ = std::max(next_, log->next_message(next_, limits::job_skips_per_turn));
      is_skipping_ = next_ >= from + limits::job_skips_per_turn && next_ < end_;
    }
    if (log == nullptr || next_ >= end_) phase_ = Phase::enough;
  }
  if (phase_ == Phase::enough) finish();
}

void BrowseJob::finish() {
  CHECK(phase_ == Phase::enough);
  if (StreamLog* log = find_log()) {
    result().first_offset = log->first();
    result().end_offset = log->end();
  }
  result().next_offset = next_;
  done();
}

}  // namespace lepus::core
