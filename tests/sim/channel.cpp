// What comes back on a client's channel: answers in order, confirms, the end.
#include "tests/sim/channel.h"

#include <algorithm>

namespace lepus::sim {

using amqp::MethodId;

namespace {

bool answers(MethodId reply, MethodId request) {
  if (request == MethodId::basic_get)
    return reply == MethodId::basic_get_ok || reply == MethodId::basic_get_empty;
  if (request == MethodId::exchange_unbind) return reply == MethodId::exchange_unbind_ok;
  return static_cast<std::uint32_t>(reply) == static_cast<std::uint32_t>(request) + 1;
}

}  // namespace

std::string Channel::describe() const {
  std::string text = fmt::format("client {} channel {} state {}: {} answers due", parts_.client,
                                 parts_.number, static_cast<int>(state_), pending_.size());
  if (!pending_.empty())
    text += fmt::format(" (first {})", amqp::method_name(pending_.front().method));
  if (!unconfirmed_.empty())
    text += fmt::format(", {} confirms due (first {})", unconfirmed_.size(),
                        unconfirmed_.begin()->first);
  return text;
}

void Channel::on_method(const Incoming& incoming) {
  if (close_ok_due_ && incoming.method == MethodId::channel_close_ok) {
    close_ok_due_ = false;
    return;
  }
  if (state_ == State::closed)
    return judge().fail(14, "{} on a closed channel", amqp::method_name(incoming.method));
  if (incoming.method == MethodId::basic_deliver) return on_deliver(incoming);
  if (incoming.method == MethodId::basic_return) return on_return(incoming);
  if (incoming.method == MethodId::basic_cancel) return on_cancelled_by_broker(incoming);
  if (incoming.method == MethodId::channel_close) return on_channel_close(incoming);
  if (incoming.method == MethodId::basic_ack || incoming.method == MethodId::basic_nack)
    return on_confirms(incoming);
  if (!on_reply(incoming))
    judge().fail(14, "unexpected {} ({})", amqp::method_name(incoming.method), describe());
}

bool Channel::on_reply(const Incoming& incoming) {
  while (!pending_.empty() && !pending_.front().has_reply) {
    const Pending silent = std::move(pending_.front());
    pending_.pop_front();
    succeed(silent);
  }
  if (pending_.empty() || !answers(incoming.method, pending_.front().method)) return false;
  Pending pending = std::move(pending_.front());
  pending_.pop_front();
  judge().note("{}.{} reads {}", parts_.client, parts_.number, amqp::method_name(incoming.method));
  mark_processed(pending);
  on_answered(pending, incoming);
  return true;
}

void Channel::on_answered(Pending& pending, const Incoming& incoming) {
  if (incoming.method == MethodId::basic_get_ok) on_get_ok(pending, incoming);
  if (incoming.method == MethodId::channel_open_ok && state_ == State::opening)
    state_ = State::open;
  if (incoming.method == MethodId::channel_close_ok) return end(true);
  if (incoming.method == MethodId::channel_flow_ok) on_flow_ok(pending, incoming);
  succeed(pending);
}

void Channel::on_flow_ok(const Pending& pending, const Incoming& incoming) {
  amqp::ChannelFlowOk ok;
  if (!amqp::decode(incoming.arguments, ok) || ok.active != pending.flag)
    judge().fail(14, "channel.flow-ok is malformed");
  const auto starts = [](const Pending& later) {
    return later.method == MethodId::channel_flow && later.flag;
  };
  if (!ok.active && std::none_of(pending_.begin(), pending_.end(), starts)) flow_stopped_ = true;
}

/// Publishes and acknowledgements up to this request have been carried out.
void Channel::mark_processed(const Pending& pending) {
  if (pending.method != MethodId::tx_commit) return mark_processed(pending.order, false);
  mark_processed(pending.order - 1, false);
  mark_processed(pending.order, true);
}

void Channel::mark_processed(std::uint64_t order, bool durable) {
  while (!unprocessed_.empty() && unprocessed_.front().first <= order) {
    const MessageId id = unprocessed_.front().second;
    oracle().on_processed(id);
    if (durable) oracle().on_durable(id);
    unprocessed_.pop_front();
  }
  while (!unaccepted_.empty() && unaccepted_.front().first <= order) unaccepted_.pop_front();
  while (!settling_.empty() && settling_.front().order <= order) {
    const Settling& done = settling_.front();
    if (durable) oracle().on_settle_durable({this, done.queue, done.message, parts_.id});
    oracle().on_settled({this, done.queue, done.message, parts_.id}, done.rejected);
    if (done.reader)
      oracle().on_stream_settled(model().queue(done.queue), *done.reader, done.offset);
    settling_.pop_front();
  }
}

void Channel::on_confirms(const Incoming& incoming) {
  amqp::BasicAck ack;
  amqp::BasicNack nack;
  const bool refused = incoming.method == MethodId::basic_nack;
  if (refused ? !amqp::decode(incoming.arguments, nack) : !amqp::decode(incoming.arguments, ack))
    return judge().fail(14, "a confirm is malformed");
  if (refused) ack = {nack.delivery_tag, nack.multiple};
  judge().note("{}.{} {} {}{}", parts_.client, parts_.number, refused ? "refused" : "confirmed",
               ack.delivery_tag, ack.multiple ? " and before" : "");
  const auto found = unconfirmed_.find(ack.delivery_tag);
  if (found == unconfirmed_.end())
    return judge().fail(6, "confirm of {}, which is confirmed or was never published ({})",
                        ack.delivery_tag, describe());
  const auto first = ack.multiple ? unconfirmed_.begin() : found;
  const auto last = std::next(found);
  for (auto at = first; at != last; ++at) {
    if (refused) oracle().on_refused(at->second);
    oracle().on_processed(at->second);
    if (!refused) oracle().on_durable(at->second);
  }
  unconfirmed_.erase(first, last);
}

// ---- errors ----

/// May this request end with this error, given what the clients know?
bool Channel::may_fail(const Pending& pending, std::uint16_t code) const {
  const auto queue_missing = [&](std::uint32_t index) {
    const QueueModel& queue = model().queue(index);
    if (queue.wild) return code >= 403 && code <= 406;
    return code == 404 && !queue.exists.surely_present(pending.sent);
  };
  const auto exchange_missing = [&](std::uint32_t index) {
    const ExchangeModel& exchange = model().exchange(index);
    if (exchange.wild) return code >= 403 && code <= 406;
    return code == 404 && !exchange.exists.surely_present(pending.sent);
  };
  if (pending.method == MethodId::tx_commit)
    return code == 406 && commit_may_be_refused(pending.order);
  const std::uint16_t class_id = amqp::class_id_of(pending.method);
  if (pending.method == MethodId::basic_get) return queue_missing(pending.target);
  if (pending.method == MethodId::basic_consume) {
    if (pending.tag == reply_tag) return false;
    const QueueModel& queue = model().queue(pending.target);
    const auto found = consumers_.find(pending.tag);
    if (found == consumers_.end()) return false;
    const ConsumerModel* self = found->second.model;
    const auto contests = [&](const auto& other) {
      return other.get() != self && (other->exclusive || self->exclusive) &&
             !other->active.surely_absent(pending.sent);
    };
    const bool contested = std::any_of(queue.consumers.begin(), queue.consumers.end(), contests);
    return (code == 403 && contested) || queue_missing(pending.target);
  }
  if (class_id != amqp::class_queue && class_id != amqp::class_exchange) return false;
  if (pending.method == MethodId::queue_declare && !model().queue(pending.target).wild)
    return pending.flag && queue_missing(pending.target);
  if (pending.method == MethodId::queue_delete)
    return (code == 406 && pending.flag) || (code == 405 && model().queue(pending.target).wild);
  if (pending.method == MethodId::exchange_delete) return code == 406 && pending.flag;
  if (pending.method == MethodId::exchange_declare && !model().exchange(pending.target).wild)
    return pending.flag && exchange_missing(pending.target);
  if (pending.method == MethodId::queue_declare || pending.method == MethodId::queue_purge)
    return queue_missing(pending.target);
  if (pending.method == MethodId::exchange_declare) return exchange_missing(pending.target);
  const BindingModel& binding = model().binding(pending.target);
  return exchange_missing(binding.source) ||
         (binding.to_queue ? queue_missing(binding.destination)
                           : exchange_missing(binding.destination));
}

/// Some queue that refuses when it is full may get a message of it.
bool Channel::commit_may_be_refused(std::uint64_t order) const {
  const auto refuses = [this](std::uint32_t index) {
    return model().queue(index).wild || model().queue(index).rules.reject_publish;
  };
  return std::any_of(unprocessed_.begin(), unprocessed_.end(), [&](const auto& entry) {
    const Sent& message = oracle().sent(entry.second);
    const auto may = model().route(message.address, message.sent).may;
    return entry.first == order && std::any_of(may.begin(), may.end(), refuses);
  });
}

/// Consumers and messages of this channel are only certain if nothing under way can end it.
bool Channel::at_risk() const {
  if (state_ != State::open || *parts_.stopping || has_timed_) return true;
  for (std::uint16_t code = 403; code <= 406; ++code) {
    if (publish_may_fail(code)) return true;
    for (const Pending& pending : pending_)
      if (may_fail(pending, code)) return true;
  }
  return false;
}

bool Channel::publish_may_fail(std::uint16_t code) const {
  const auto missing = [&](MessageId id) {
    const Sent& message = oracle().sent(id);
    const ExchangeModel* exchange = model().find_exchange(message.address.exchange);
    return exchange == nullptr || exchange->wild || !exchange->exists.surely_present(message.sent);
  };
  const bool any = std::any_of(unaccepted_.begin(), unaccepted_.end(),
                               [&](const auto& entry) { return missing(entry.second); });
  return code == 404 && any;
}

void Channel::on_channel_close(const Incoming& incoming) {
  amqp::ChannelClose close;
  if (!amqp::decode(incoming.arguments, close)) judge().fail(14, "channel.close is malformed");
  judge().note("{}.{} closed by the broker: {}", parts_.client, parts_.number, close.reply_text);
  const bool expected = state_ == State::doomed && close.reply_code == doom_.code &&
                        close.class_id == doom_.class_id && close.method_id == doom_.method_id;
  const auto matches = [&](const Pending& pending) {
    return close.class_id == amqp::class_id_of(pending.method) &&
           close.method_id == amqp::method_id_of(pending.method) &&
           may_fail(pending, close.reply_code);
  };
  // A request without an answer may have failed as well as the first with one.
  std::size_t candidates = 0;
  while (candidates < pending_.size() && !pending_[candidates].has_reply) ++candidates;
  candidates = std::min(candidates + 1, pending_.size());
  const bool raced = std::any_of(
      pending_.begin(), pending_.begin() + static_cast<std::ptrdiff_t>(candidates), matches);
  const bool publish_raced =
      close.class_id == 60 && close.method_id == 40 && publish_may_fail(close.reply_code);
  if (!expected && !raced && !publish_raced)
    judge().fail(14, "channel closed without cause: {} (class {} method {}), expected {} ({})",
                 close.reply_text, close.class_id, close.method_id, doom_.code, describe());
  send(amqp::ChannelCloseOk{});
  close_ok_due_ = !pending_.empty() && pending_.back().method == MethodId::channel_close;
  end(false);
}

void Channel::doom(const Doom& doom) {
  judge().advance();
  judge().note("{}.{} does something illegal ({})", parts_.client, parts_.number, doom.code);
  doom_ = doom;
  abandon();
  state_ = State::doomed;
}

// ---- the end ----

void Channel::begin_close() {
  if (state_ == State::closed || state_ == State::closing || abandoned_) return;
  state_ = State::closing;
  close_sent_ = judge().now();
  for (const std::uint32_t queue : touched_) ++model().queue(queue).disturbances.by_request;
  for (const std::uint32_t queue : lossy_) {
    ++model().queue(queue).losses.by_request;
    oracle().forgive_losses(model().queue(queue));
  }
  for (const auto& [tag, held] : unacked_) oracle().on_requeued({this, held.queue, held.message});
  for (const TxSettle& settle : tx_settles_)
    oracle().on_requeued({this, settle.held.queue, settle.held.message});
  for (const MessageId id : tx_publishes_) oracle().sent(id).revoked = true;
  unacked_.clear();
  tx_settles_.clear();
  for (auto& [tag, consumer] : consumers_) {
    consumer.model->active.set(Presence::maybe, judge().now());
    QueueModel& queue = model().queue(consumer.queue);
    if (queue.auto_delete && !queue.wild && queue.exists.state() == Presence::present)
      queue.exists.set(Presence::maybe, judge().now());
  }
  model().update_auto_delete_exchanges();
}

/// The broker will give everything back, at a time that nobody is told.
void Channel::abandon() {
  if (abandoned_) return;
  abandoned_ = true;
  for (const std::uint32_t queue : touched_) ++model().queue(queue).disturbances.by_death;
  for (const std::uint32_t queue : lossy_) {
    ++model().queue(queue).losses.by_death;
    oracle().forgive_losses(model().queue(queue));
  }
  for (const auto& [tag, held] : unacked_) oracle().on_requeued({this, held.queue, held.message});
  for (const TxSettle& settle : tx_settles_)
    oracle().on_requeued({this, settle.held.queue, settle.held.message});
  for (const MessageId id : tx_publishes_) oracle().sent(id).revoked = true;
  unacked_.clear();
  tx_settles_.clear();
  for (auto& [tag, consumer] : consumers_) {
    consumer.model->active.set(Presence::maybe, judge().now());
    consumer.model->orphan = true;
    model().update_auto_delete_queue(model().queue(consumer.queue), 0);
  }
}

void Channel::end(bool orderly) {
  if (state_ == State::closed) return;
  judge().advance();
  judge().note("{}.{} ends {}", parts_.client, parts_.number, orderly ? "orderly" : "abruptly");
  const bool was_closing = state_ == State::closing;
  state_ = State::closed;
  for (auto& [tag, consumer] : consumers_) consumer.model->channel = nullptr;
  for (const std::uint32_t queue : touched_) model().queue(queue).users.erase(this);
  if (was_closing) {
    end_trouble(touched_, false);
    end_trouble(lossy_, true);
  }
  if (!orderly || !was_closing) {
    abandon();
    for (const Settling& settling : settling_)
      oracle().on_settle_unsure({this, settling.queue, settling.message});
    settling_.clear();
    for (const Pending& pending : pending_) give_up(pending);
    pending_.clear();
    return;
  }
  for (const Pending& pending : pending_) {
    if (!pending.has_reply) {
      succeed(pending);
      continue;
    }
    judge().fail(13, "closed with an answer due ({})", describe());
    give_up(pending);
  }
  pending_.clear();
  mark_processed(next_order_, false);
  for (auto& [tag, consumer] : consumers_)
    consumer.model->active.set(Presence::absent, judge().now());
  for (auto& [tag, consumer] : consumers_)
    model().update_auto_delete_queue(model().queue(consumer.queue), close_sent_);
}

}  // namespace lepus::sim
