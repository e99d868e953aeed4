// Messages that reach a client's channel.
#include "tests/sim/channel.h"

namespace lepus::sim {

namespace {

template <class Method>
Received receive(const Method& method, const Incoming& incoming) {
  return {std::string(method.exchange), std::string(method.routing_key), incoming.properties,
          incoming.body, false};
}

}  // namespace

void Channel::check_tag(std::uint64_t tag) {
  if (tag != next_tag_)
    judge().fail(2, "delivery tag {} instead of {} ({})", tag, next_tag_, describe());
  next_tag_ = tag + 1;
}

/// Promise 7. The client may know less than the broker has outstanding, never more.
void Channel::check_prefetch(const Consumer& consumer, const std::string& tag) {
  if (consumer.prefetch > 0 && consumer.unacked > consumer.prefetch)
    judge().fail(7, "queue {}: {} unacknowledged, prefetch {}", model().queue(consumer.queue).name,
                 consumer.unacked, consumer.prefetch);
  std::size_t bytes = 0;
  std::size_t count = 0;
  for (const auto& [delivery_tag, held] : unacked_) {
    if (held.tag != tag) continue;
    ++count;
    bytes += held.size;
  }
  if (consumer.prefetch_size > 0 && count > 1 && bytes > consumer.prefetch_size && !has_timed_)
    judge().fail(7, "queue {}: {} bytes unacknowledged, prefetch size {}",
                 model().queue(consumer.queue).name, bytes, consumer.prefetch_size);
  // What went back by a timeout is counted here until the client is told.
  if (shared_unlimited_ || has_timed_) return;
  std::size_t shared = 0;
  for (const auto& [other, held] : unacked_) shared += held.tag.empty() ? 0 : 1;
  if (shared > shared_limit_)
    judge().fail(7, "{} unacknowledged on the channel, shared prefetch {} ({})", shared,
                 shared_limit_, describe());
}

void Channel::take(const Arrival& arrival, const Received& received, const std::string& tag) {
  const std::uint64_t delivery_tag = next_tag_ - 1;
  judge().note("{}.{} delivery {}{}", parts_.client, parts_.number, delivery_tag,
               arrival.no_ack ? " without acknowledgement" : "");
  const auto taken = oracle().on_delivered(received, arrival);
  if (!taken || arrival.ghost || arrival.no_ack) return;
  unacked_.emplace(delivery_tag,
                   LocatedRecord{arrival.queue, taken->id, tag, nullptr, 0, received.body.size(),
                                 taken->dead_id, taken->died_in});
}

void Channel::on_deliver(const Incoming& incoming) {
  judge().advance();
  amqp::BasicDeliver deliver;
  if (!amqp::decode(incoming.arguments, deliver))
    return judge().fail(14, "basic.deliver is malformed");
  check_tag(deliver.delivery_tag);
  if (has_reply_consumer_ && deliver.consumer_tag == reply_tag)
    return oracle().on_reply(receive(deliver, incoming), parts_.id);
  const auto found = consumers_.find(std::string(deliver.consumer_tag));
  if (found == consumers_.end())
    return judge().fail(14, "delivery for consumer '{}', which does not exist ({})",
                        deliver.consumer_tag, describe());
  if (flow_stopped_) judge().fail(14, "delivery on a channel that is stopped ({})", describe());
  Consumer& consumer = found->second;
  Received received = receive(deliver, incoming);
  received.redelivered = deliver.redelivered;
  const bool ghost = state_ != State::open || (recovering_ > 0 && !consumer.no_ack);
  QueueModel& queue = model().queue(consumer.queue);
  if (queue.rules.stream) {
    oracle().on_streamed(received, queue, consumer.reader);
    const StreamReader& reader = consumer.reader;
    const LocatedRecord held{
        consumer.queue,      0, found->first, reader.named, reader.last.value_or(0),
        received.body.size()};
    if (!ghost) unacked_.emplace(next_tag_ - 1, held);
  } else {
    take({consumer.queue, parts_.id, this, consumer.model, consumer.no_ack, ghost}, received,
         found->first);
  }
  if (ghost || consumer.no_ack) return;
  ++consumer.unacked;
  check_prefetch(consumer, found->first);
}

void Channel::on_get_ok(const Pending& pending, const Incoming& incoming) {
  judge().advance();
  amqp::BasicGetOk ok;
  if (!amqp::decode(incoming.arguments, ok)) return judge().fail(14, "get-ok is malformed");
  check_tag(ok.delivery_tag);
  Received received = receive(ok, incoming);
  received.redelivered = ok.redelivered;
  const bool ghost = state_ != State::open || (recovering_ > 0 && !pending.flag);
  take({pending.target, parts_.id, this, nullptr, pending.flag, ghost}, received, {});
}

void Channel::on_return(const Incoming& incoming) {
  judge().advance();
  amqp::BasicReturn returned;
  if (!amqp::decode(incoming.arguments, returned) ||
      (returned.reply_code != 312 && returned.reply_code != 313) ||
      returned.reply_text != (returned.reply_code == 312 ? "NO_ROUTE" : "NO_CONSUMERS"))
    return judge().fail(14, "basic.return is malformed");
  oracle().on_returned(receive(returned, incoming), parts_.id, returned.reply_code);
}

/// The queue had it back before the client was told; that may be settled again, without effect.
void Channel::give_back_late(const std::string& tag) {
  for (auto& [delivery_tag, held] : unacked_) {
    if (held.tag != tag) continue;
    oracle().on_requeued({this, held.queue, held.message});
    held.message = 0;
    held.tag.clear();
  }
}

/// Only when its queue was deleted, or it was late.
void Channel::on_cancelled_by_broker(const Incoming& incoming) {
  judge().advance();
  amqp::BasicCancel cancel;
  if (!amqp::decode(incoming.arguments, cancel)) judge().fail(14, "basic.cancel is malformed");
  judge().note("{}.{} consumer {} cancelled by the broker", parts_.client, parts_.number,
               cancel.consumer_tag);
  const auto found = consumers_.find(std::string(cancel.consumer_tag));
  if (found == consumers_.end())
    return judge().fail(14, "cancel of consumer '{}', which does not exist", cancel.consumer_tag);
  const QueueModel& queue = model().queue(found->second.queue);
  if (found->second.is_timed) {
    give_back_late(found->first);
  } else if (!queue.wild && queue.exists.state() == Presence::present) {
    judge().fail(14, "consumer of queue {} cancelled although the queue exists", queue.name);
  }
  found->second.model->active.set(Presence::absent, judge().now());
  found->second.model->channel = nullptr;
  consumers_.erase(found);
}

}  // namespace lepus::sim
