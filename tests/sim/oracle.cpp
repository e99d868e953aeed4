// Judging deliveries, returns and what is left at the end.
#include "tests/sim/oracle.h"

#include <algorithm>
#include <charconv>

#include "core/message/header_splice.h"
#include "core/message/properties.h"

namespace lepus::sim {

Sent& Oracle::create() {
  messages_.push_back(std::make_unique<Sent>());
  messages_.back()->id = messages_.size();
  messages_.back()->clock_moved = judge_.time() < clock_noticed_at_;
  return *messages_.back();
}

void Oracle::on_clock_forward(core::Nanos noticed_at) {
  clock_noticed_at_ = noticed_at;
  for (const auto& message : messages_) message->clock_moved = true;
  for (std::uint32_t index = 0; index < model_.queue_count(); ++index)
    for (auto& [id, copy] : model_.queue(index).copies)
      if (sent(id).has_long_ttl) copy.must = false;
}

std::string Oracle::body_of(MessageId id, std::size_t size) {
  core::Random random(id * 7919 + size);
  std::string body(size, '\0');
  for (char& character : body) character = static_cast<char>(random.below(256));
  return body;
}

void Oracle::on_processed(MessageId id) {
  Sent& message = sent(id);
  if (message.judged || message.revoked) return;
  message.processed = true;
  if (message.is_held) return;  // It is routed later.
  Routing routing = model_.route(message.address, message.sent);
  if (message.returned) routing = {};
  message.judged = true;
  const bool unroutable = routing.may.empty();
  message.may = std::move(routing.may);
  if (unroutable && (message.mandatory || message.immediate) && !message.returned)
    judge_.fail(9, "message {} is mandatory or immediate, has nowhere to go and was not returned",
                id);
  for (const std::uint32_t index : routing.must) {
    QueueModel& queue = model_.queue(index);
    Copy& copy = queue.copies[id];
    copy.must = is_owed(message, queue, copy);
  }
}

bool Oracle::is_owed(const Sent& message, const QueueModel& queue, const Copy& copy) const {
  return copy.state != Copy::State::uncertain && !message.expires && !message.immediate &&
         !(message.has_long_ttl && message.clock_moved) && !queue.rules.forgets() &&
         !queue.losses.concerns(message.sent) && !may_be_double(message, queue);
}

bool Oracle::is_possible(const Sent& message, const QueueModel& queue) const {
  if (queue.wild) return true;
  if (message.judged) return message.may.contains(queue.index);
  const ExchangeModel* exchange = model_.find_exchange(message.address.exchange);
  if (exchange != nullptr && exchange->wild) return queue.wild;
  return model_.route(message.address, message.sent).may.contains(queue.index);
}

void Oracle::on_refused(MessageId id) {
  Sent& message = sent(id);
  if (!message.judged) message.may = model_.route(message.address, message.sent).may;
  message.judged = !message.is_held;
  const auto refuses = [this](std::uint32_t index) {
    return model_.queue(index).rules.reject_publish;
  };
  if (std::none_of(message.may.begin(), message.may.end(), refuses))
    judge_.fail(6, "message {} was refused, and no queue may do that", id);
}

MessageId Oracle::id_of(std::string_view text) const {
  MessageId id = 0;
  if (text.size() > 1) std::from_chars(text.data() + 1, text.data() + text.size(), id);
  return id <= messages_.size() ? id : 0;
}

Oracle::Identity Oracle::identify(const Received& received) {
  core::PropertiesView view;
  if (!core::decode_properties(core::as_bytes(received.properties), view)) {
    judge_.fail(1, "a message came with properties that cannot be read");
    return {};
  }
  const MessageId id = id_of(view.message_id);
  if (id == 0) {
    judge_.fail(2, "a message came that nobody sent (id '{}')", view.message_id);
    return {};
  }
  Identity identity{&sent(id)};
  const core::FieldTable headers = view.header_table();
  identity.is_dead_letter = headers.find("x-death").has_value();
  if (const auto count = headers.find("x-delivery-count"))
    identity.delivery_count = count->is_integer() ? count->as_int64() : -1;
  if (const auto offset = headers.find("x-stream-offset"))
    identity.offset = offset->is_integer() ? offset->as_int64() : -1;
  identity.reply_to = view.reply_to;
  const char* damaged = identity.is_dead_letter ? nullptr : find_damage(received, identity);
  if (damaged == nullptr) return identity;
  judge_.fail(1, "message {} came with another {}", id, damaged);
  return {};
}

const char* Oracle::find_damage(const Received& received, const Identity& identity) const {
  const Sent& message = *identity.message;
  std::string properties =
      with_reply_name(message, message.delay_ms > 0 ? message.properties_after : message.properties,
                      identity.reply_to);
  const auto add = [&properties](const char* header, std::int64_t value) {
    std::vector<std::uint8_t> more;
    core::splice_header(core::as_bytes(properties), header, value, more);
    properties = core::as_text(more);
  };
  if (identity.delivery_count != 0) add("x-delivery-count", identity.delivery_count);
  if (identity.offset) add("x-stream-offset", *identity.offset);
  if (received.properties != properties) return "properties";
  if (received.exchange != message.address.exchange) return "exchange";
  if (received.key != message.address.key) return "routing key";
  if (received.body.size() != message.body_size) return "body size";
  return received.body == body_of(message.id, message.body_size) ? nullptr : "body";
}

void Oracle::on_returned(const Received& received, std::uint64_t channel, std::uint16_t code) {
  const Identity identity = identify(received);
  Sent* message = identity.message;
  if (message == nullptr) return;
  if (identity.is_dead_letter) return judge_.fail(9, "a dead letter was returned");
  judge_.note("returned {}", message->id);
  const bool was_asked = code == 313 ? message->immediate : message->mandatory;
  if (!was_asked || message->returned || message->channel != channel)
    return judge_.fail(9, "message {} was returned without cause ({})", message->id, code);
  message->returned = true;
  if (code == 313) {
    if (message->came)
      judge_.fail(9, "message {} was returned although a consumer got it", message->id);
    message->may.clear();
    message->judged = true;
    return;
  }
  const Routing routing = model_.route(message->address, message->sent);
  if (message->judged || !routing.must.empty())
    judge_.fail(9, "message {} was returned although it can be routed", message->id);
}

void Oracle::check_order(const Sent& message, const Received& received, const Arrival& arrival) {
  if (may_pass_over_ || received.redelivered || model_.queue(arrival.queue).wild || message.is_held)
    return;
  const std::uint8_t level =
      std::min(message.priority, model_.queue(arrival.queue).rules.max_priority);
  MessageId& last = last_first_[{message.channel, arrival.queue, level, arrival.channel}];
  if (last >= message.id)
    judge_.fail(3, "queue {}: message {} came after message {} of the same channel",
                model_.queue(arrival.queue).name, message.id, last);
  last = message.id;
}

void Oracle::check_redelivered(const Copy& copy, const Sent& message, const Arrival& arrival,
                               bool redelivered) {
  const QueueModel& queue = model_.queue(arrival.queue);
  if (copy.seen && !redelivered)
    judge_.fail(5, "queue {}: message {} came again and is not flagged redelivered", queue.name,
                message.id);
  const bool disturbed = queue.disturbances.concerns(message.sent) ||
                         std::any_of(queue.users.begin(), queue.users.end(),
                                     [](const Risk* channel) { return channel->at_risk(); });
  if (!copy.seen && redelivered && !disturbed)
    judge_.fail(5, "queue {}: message {} is flagged redelivered and never came before", queue.name,
                message.id);
}

std::optional<Oracle::Taken> Oracle::on_delivered(const Received& received,
                                                  const Arrival& arrival) {
  if (is_copy(received)) {
    judge_copy(received, model_.queue(arrival.queue));
    return Taken{};
  }
  const Identity identity = identify(received);
  const Sent* message = identity.message;
  if (message == nullptr) return std::nullopt;
  QueueModel& queue = model_.queue(arrival.queue);
  if (identity.is_dead_letter) return judge_dead_letter(*message, received, arrival);
  learn_reply_name(*message, identity.reply_to);
  judge_.note("got {} from {}{}{}", message->id, queue.name, received.redelivered ? " again" : "",
              arrival.ghost ? " (ghost)" : "");
  if (message->revoked) judge_.fail(2, "message {} was never committed, but came", message->id);
  if (!is_possible(*message, queue))
    judge_.fail(9, "queue {}: message {} (exchange '{}', key '{}') was not routed there",
                queue.name, message->id, message->address.exchange, message->address.key);
  if (!message->persistent && !queue.rules.keeps_all() && message->sent < restarted_)
    judge_.fail(2, "queue {}: message {} is transient, but outlived the broker", queue.name,
                message->id);
  check_order(*message, received, arrival);
  judge_rules(identity, arrival);
  sent(message->id).came = true;
  if (arrival.no_ack) dead_letters_.on_consumed(queue.index, message->id);
  if (queue.wild) return Taken{message->id};
  Copy& copy = queue.copies[message->id];
  judge_recipient(copy, message->id, arrival);
  if (arrival.ghost) {
    // Others may have had it since; this only says that it was on its way once.
    if (copy.state == Copy::State::ready) copy.seen = true;
    copy.seen_at = judge_.now();
    if (arrival.no_ack) copy.state = Copy::State::gone;
    return Taken{message->id};
  }
  // Perhaps it was on its way for long, to a channel that the broker has closed since: then others
  // had it first.
  const bool late = arrival.holder->at_risk() &&
                    (copy.state != Copy::State::ready || (copy.seen && !received.redelivered));
  if (late) {
    // Either may be the one who has it: nothing is known any more.
    if (copy.state != Copy::State::gone) copy.state = Copy::State::uncertain;
    copy.must = false;
    copy.seen = true;
    copy.seen_at = judge_.now();
    copy.settler = 0;
    copy.holder = nullptr;
    return Taken{message->id};
  }
  if (!may_be_twice(*message)) {
    judge_state(copy, *message, arrival);
    if (!judge_.failed()) check_redelivered(copy, *message, arrival, received.redelivered);
  }
  copy.seen = true;
  copy.seen_at = judge_.now();
  copy.settler = 0;
  copy.state = arrival.no_ack ? Copy::State::gone : Copy::State::held;
  copy.holder = arrival.holder;
  copy.consumer = arrival.consumer;
  return Taken{message->id};
}

/// Promises 2 and 4.
void Oracle::judge_state(const Copy& copy, const Sent& message, const Arrival& arrival) {
  const std::string& queue = model_.queue(arrival.queue).name;
  switch (copy.state) {
    case Copy::State::ready:
    case Copy::State::uncertain:
      return;
    case Copy::State::held:
      if (!copy.holder->at_risk())
        judge_.fail(2, "queue {}: message {} came while a client holds it", queue, message.id);
      return;
    case Copy::State::settling:
      if (!copy.holder->at_risk())
        judge_.fail(4, "queue {}: message {} came after it was settled", queue, message.id);
      return;
    case Copy::State::gone:
      judge_.fail(4, "queue {}: message {} came after it was settled for good", queue, message.id);
      return;
  }
}

void Oracle::set_state(const Hold& hold, Copy::State state) {
  if (model_.queue(hold.queue).wild || hold.id == 0) return;
  Copy& copy = model_.queue(hold.queue).copies[hold.id];
  if (copy.holder == hold.holder) copy.state = state;
}

void Oracle::on_recovered(const Hold& hold, const ConsumerModel* consumer) {
  on_requeued(hold);
  if (model_.queue(hold.queue).wild || hold.id == 0) return;
  Copy& copy = model_.queue(hold.queue).copies[hold.id];
  if (copy.holder == hold.holder) copy.owed_to = consumer;
}

/// It may be on its way again, and goes back with what is unacknowledged.
void Oracle::on_owed_requeued(std::uint32_t queue, const Risk* channel) {
  for (auto& [id, copy] : model_.queue(queue).copies)
    if (copy.owed_to != nullptr && copy.owed_to->channel == channel) copy.owed_to = nullptr;
}

void Oracle::on_settle_unsure(const Hold& hold) {
  if (model_.queue(hold.queue).wild || hold.id == 0) return;
  Copy& copy = model_.queue(hold.queue).copies[hold.id];
  if (copy.holder != hold.holder) return;
  copy.state = Copy::State::uncertain;
  copy.must = false;
}

void Oracle::on_settle_sent(const Hold& hold) {
  set_state(hold, Copy::State::settling);
  if (model_.queue(hold.queue).wild || hold.id == 0) return;
  Copy& copy = model_.queue(hold.queue).copies[hold.id];
  if (copy.holder != hold.holder) return;
  copy.settler = hold.channel;
  copy.settled_at = judge_.now();
}

void Oracle::on_settle_durable(const Hold& hold) {
  if (model_.queue(hold.queue).wild || hold.id == 0) return;
  Copy& copy = model_.queue(hold.queue).copies[hold.id];
  if (copy.settler == hold.channel && copy.holder == hold.holder) copy.settled_durably = true;
}

/// Promise 10: dead letters.
void Oracle::on_settled(const Hold& hold, bool rejected) {
  if (hold.id == 0) return;
  const QueueModel& queue = model_.queue(hold.queue);
  const Copy::State before = queue.wild ? Copy::State::gone : queue.copies.at(hold.id).state;
  set_state(hold, Copy::State::gone);
  if (rejected && queue.rules.at_least_once && !queue.wild)
    model_.queue(hold.queue).copies.at(hold.id).lingers = true;
  if (!rejected || queue.rules.dead_letter_to.empty() || before != Copy::State::settling) return;
  QueueModel* target = model_.find_queue(queue.rules.dead_letter_to);
  // Certain only if nothing was going on with either of them.
  if (target == nullptr || queue.copies.at(hold.id).holder != hold.holder) return;
  const Tick sent_at = sent(hold.id).sent;
  const bool calm = target->exists.surely_present(sent_at) &&
                    queue.exists.surely_present(sent_at) && !target->losses.concerns(sent_at);
  if (calm && !target->rules.forgets() && !target->rules.deduplicates)
    target->dead_owed.insert(hold.id);
}

std::optional<Oracle::Taken> Oracle::judge_dead_letter(const Sent& message,
                                                       const Received& received,
                                                       const Arrival& arrival) {
  QueueModel& queue = model_.queue(arrival.queue);
  core::PropertiesView view;
  CHECK(core::decode_properties(core::as_bytes(received.properties), view));
  judge_.note("got dead letter {} from {}", message.id, queue.name);
  queue.dead_seen.insert(message.id);
  const core::FieldTable headers = view.header_table();
  const auto queue_named = [&](const char* header) -> const QueueModel* {
    const auto value = headers.find(header);
    return value && value->is_string() ? model_.find_queue(value->text()) : nullptr;
  };
  const QueueModel* first = queue_named("x-first-death-queue");
  const QueueModel* source = queue_named("x-last-death-queue");
  if (first == nullptr || source == nullptr || source->rules.dead_letter_to != received.key) {
    judge_.fail(10, "dead letter {} comes from a queue that sends none there", message.id);
    return std::nullopt;
  }
  if (!is_possible(message, *first))
    judge_.fail(10, "dead letter {} comes from queue {}, where it was not routed to", message.id,
                first->name);
  const auto reason = headers.find("x-first-death-reason");
  if (reason && reason->is_string() && reason->text() == "delivery_limit" &&
      first->rules.delivery_limit == 0)
    judge_.fail(10, "dead letter {} passed the delivery limit of queue {}, which has none",
                message.id, first->name);
  const bool intact = received.exchange.empty() && received.body.size() == message.body_size &&
                      received.body == body_of(message.id, message.body_size);
  if (!intact) judge_.fail(10, "dead letter {} is damaged", message.id);
  if (!queue.wild && queue.name != received.key && source->rules.dead_letter_to != queue.name)
    judge_.fail(10, "dead letter {} came to queue {}", message.id, queue.name);
  if (arrival.no_ack) dead_letters_.on_consumed(first->index, message.id);
  return Taken{0, message.id, first->index};
}

void Oracle::forgive_losses(QueueModel& queue) {
  queue.dead_owed.clear();
  for (auto& [id, copy] : queue.copies) {
    const bool held = copy.state == Copy::State::held || copy.state == Copy::State::settling;
    if (!held || copy.holder->at_risk()) copy.must = false;
  }
}

void Oracle::check_emptied(QueueModel& queue) {
  for (const MessageId id : queue.dead_owed)
    if (!queue.dead_seen.contains(id))
      judge_.fail(10, "queue {}: dead letter {} is lost", queue.name, id);
  for (const auto& [id, copy] : queue.copies) {
    if (copy.must && copy.state != Copy::State::gone)
      judge_.fail(1, "queue {}: message {} is lost ({}, state {})", queue.name, id,
                  copy.seen ? "it was delivered before" : "it was never delivered",
                  static_cast<int>(copy.state));
  }
}

}  // namespace lepus::sim
