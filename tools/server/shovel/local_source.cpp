// See local_source.h.
#include "tools/server/shovel/local_source.h"

#include <utility>

#include <fmt/format.h>

#include "core/limits/shovels.h"

namespace lepus::server {

using core::Refusal;

void LocalSource::start() {
  if (std::string error = open(); !error.empty()) return events_.on_end_failed(std::move(error));
  if (end().queue) {
    queue_ = *end().queue;
    return fail_if(declare_queue());
  }
  queue_ = fmt::format("lepus.shovel.{}.{}", order_.name.substr(0, 100), order_.number);
  fail_if(declare_own_queue());
}

void LocalSource::fail_if(const Refusal& refused) {
  if (refused) events_.on_end_failed("source: " + refused->text());
}

/// It goes when the shovel does not consume from it any more.
Refusal LocalSource::declare_own_queue() {
  core::SessionRequests& requests = session().requests();
  core::TopologyRequest request = requests.new_request(core::TopologyRequest::Kind::declare_queue);
  request.name = queue_;
  request.auto_delete = true;
  return requests.change_topology({}, request);
}

Refusal LocalSource::bind() {
  phase_ = Phase::binding;
  core::SessionRequests& requests = session().requests();
  core::TopologyRequest request = requests.new_request(core::TopologyRequest::Kind::bind_queue);
  request.name = queue_;
  request.source = *end().exchange;
  request.key = end().key.value_or("");
  return requests.change_topology({}, request);
}

Refusal LocalSource::subscribe() {
  phase_ = Phase::subscribing;
  core::SessionDeliveries& deliveries = session().deliveries();
  // What stays where it is occupies no place of those behind it.
  deliveries.set_prefetch({order_.may_skip() ? 0 : order_.prefetch, 0});
  const core::ConsumeRequest request{queue_, "shovel", order_.ack_mode == ShovelAckMode::no_ack,
                                     false, core::as_bytes(order_.consumer_arguments)};
  core::SessionDeliveries::Options options;
  options.tag = "shovel";
  return deliveries.subscribe({}, request, options);
}

void LocalSource::on_answer(const core::PendingAnswer::Origin&, const core::Answer& answer) {
  if (const auto* failed = std::get_if<core::RequestFailed>(&answer))
    return events_.on_end_failed("source: " + failed->error.text());
  if (const auto* failed = std::get_if<core::SubscribeFailed>(&answer))
    return events_.on_end_failed("source: " + failed->why.error.text());
  if (const auto* inspected = std::get_if<core::QueueInspected>(&answer))
    return on_inspected(inspected->message_count);
  if (std::holds_alternative<core::TopologyChanged>(answer) && phase_ == Phase::binding)
    return fail_if(subscribe());
  if (!std::holds_alternative<core::Subscribed>(answer)) return;
  phase_ = Phase::ready;
  events_.on_source_ready(message_count_);
}

void LocalSource::on_inspected(std::uint64_t message_count) {
  if (phase_ == Phase::counting) {
    phase_ = Phase::ready;
    return events_.on_message_count(message_count);
  }
  message_count_ = message_count;
  fail_if(end().queue ? subscribe() : bind());
}

/// A stream's offset is not in the message itself, which its readers share.
bool LocalSource::on_deliver(const core::Deliver& delivery, core::MessageRef message) {
  const core::Session::Taken taken = session().take_delivery(delivery, *message);
  if (taken.tag == 0) return true;
  events_.on_message(taken.tag, std::move(message));
  if (!is_paused_) return true;
  session().deliveries().pause(delivery.number);
  return false;
}

void LocalSource::on_consumer_cancelled(std::uint32_t number) {
  if (!has_session() || !session().deliveries().on_cancelled(number)) return;
  events_.on_end_failed("source: the consumer was cancelled: the queue was deleted");
}

void LocalSource::set_paused(bool is_paused) {
  if (std::exchange(is_paused_, is_paused) && !is_paused && has_session())
    session().deliveries().resume();
}

/// Not by SessionSettling, which may have to wait: there are no more than the prefetch.
void LocalSource::acknowledge(std::uint64_t tag, bool is_multiple) {
  if (!has_session()) return;
  core::SessionUnacked& unacked = session().unacked();
  if (!is_multiple) return fail_if(unacked.settle(tag, core::Outcome::acknowledged));
  const core::SessionUnacked::Batch batch{tag, core::SessionUnacked::Batch::Kind::settle,
                                          core::Outcome::acknowledged};
  std::size_t budget = 0;
  do {
    budget = core::limits::shovel_pending_max;
  } while (unacked.settle_piece(batch, budget));
}

void LocalSource::ask_count() {
  if (phase_ != Phase::ready || session().requests().is_awaited()) return;
  core::SessionRequests& requests = session().requests();
  core::TopologyRequest request = requests.new_request(core::TopologyRequest::Kind::declare_queue);
  request.name = queue_;
  request.passive = true;
  phase_ = Phase::counting;
  fail_if(requests.change_topology({}, request));
}

/// The consumer gets nothing any more: what goes back first must not come again.
void LocalSource::close() {
  if (!has_session() || is_ending_) return;
  if (phase_ != Phase::ready && phase_ != Phase::counting) return close_session();
  is_ending_ = true;
  session().deliveries().hold(true);
}

/// What was left alone counts as no delivery.
void LocalSource::work() {
  CHECK(is_ending_);
  const core::SessionUnacked::Batch all{UINT64_MAX, core::SessionUnacked::Batch::Kind::settle,
                                        core::Outcome::undelivered};
  std::size_t budget = core::limits::shovel_pending_max;
  if (session().unacked().settle_piece(all, budget)) return;
  is_ending_ = false;
  close_session();
}

}  // namespace lepus::server
