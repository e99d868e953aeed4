// Requests of a client's channel: what goes on the wire, and what is unsure from now on.
#include <algorithm>
#include <charconv>
#include <string>
#include <string_view>

#include "core/message/field_table_writer.h"
#include "core/message/properties.h"
#include "core/session/reply_address.h"
#include "tests/sim/channel.h"

namespace lepus::sim {

using amqp::MethodId;

namespace {

/// No run takes half an hour.
constexpr std::string_view long_ttl_ms = "1800000";

std::string arguments_of(const QueueRules& rules) {
  core::FieldTableWriter table;
  const auto number = [&table](const char* name, std::uint32_t value) {
    if (value > 0) table.int32(name, static_cast<std::int32_t>(value));
  };
  number("x-max-length", rules.max_length);
  number("x-max-in-memory-length", rules.max_in_memory);
  if (rules.lazy) table.text("x-queue-mode", "lazy");
  number("x-message-ttl", rules.ttl_ms);
  number("x-expires", rules.expires_ms);
  number("x-max-priority", rules.max_priority);
  if (rules.reject_publish) table.text("x-overflow", "reject-publish");
  if (rules.quorum) table.text("x-queue-type", "quorum");
  if (rules.stream) table.text("x-queue-type", "stream");
  number("x-delivery-limit", rules.delivery_limit);
  if (rules.retry_ms > 0) table.text("x-delayed-retry-type", "all");
  number("x-delayed-retry-min", rules.retry_ms);
  number("x-delayed-retry-max", 4 * rules.retry_ms);
  if (rules.single_active) table.boolean("x-single-active-consumer", true);
  if (rules.deduplicates) table.boolean("x-message-deduplication", true);
  if (!rules.dead_letter_to.empty()) {
    table.text("x-dead-letter-exchange", "");
    table.text("x-dead-letter-routing-key", rules.dead_letter_to);
    if (rules.at_least_once) table.text("x-dead-letter-strategy", "at-least-once");
  }
  return table.take();
}

}  // namespace

Pending& Channel::expect(MethodId method, std::uint32_t target) {
  Pending pending;
  pending.method = method;
  pending.sent = judge().advance();
  pending.order = next_order_++;
  pending.target = target;
  judge().note("{}.{} sends {} {}", parts_.client, parts_.number, amqp::method_name(method),
               target);
  pending_.push_back(std::move(pending));
  return pending_.back();
}

void Channel::open() {
  expect(MethodId::channel_open, 0);
  send(amqp::ChannelOpen{});
}

void Channel::declare_queue(QueueModel& queue, bool passive, bool no_wait) {
  Pending& pending = expect(MethodId::queue_declare, queue.index);
  pending.flag = passive;
  pending.has_reply = !no_wait;
  if (!passive && !queue.wild) {
    queue.changing = true;
    if (queue.exists.state() == Presence::absent) queue.exists.set(Presence::maybe, judge().now());
    if (queue.exclusive) queue.owner = parts_.client;
  }
  if (!passive) ++queue.locks;
  judge().note("  queue {}{}{}{}{}{}", queue.name, passive ? " passive" : "",
               queue.durable ? " durable" : "", queue.exclusive ? " exclusive" : "",
               queue.auto_delete ? " auto-delete" : "", no_wait ? " no-wait" : "");
  const std::string arguments = arguments_of(queue.rules);
  send(amqp::QueueDeclare{queue.name, passive, queue.durable, queue.exclusive, queue.auto_delete,
                          no_wait, core::as_bytes(arguments)});
}

void Channel::delete_queue(QueueModel& queue, bool if_unused, bool if_empty) {
  Pending& pending = expect(MethodId::queue_delete, queue.index);
  pending.flag = if_unused || if_empty;
  ++queue.locks;
  if (!queue.wild) {
    queue.changing = true;
    queue.exists.set(Presence::maybe, judge().now());
    model().update_auto_delete_exchanges();
  }
  send(amqp::QueueDelete{queue.name, if_unused, if_empty, false});
}

void Channel::purge(QueueModel& queue) {
  expect(MethodId::queue_purge, queue.index);
  ++queue.locks;
  ++queue.losses.by_request;
  oracle().forgive_losses(queue);
  send(amqp::QueuePurge{queue.name, false});
}

void Channel::declare_exchange(ExchangeModel& exchange, bool passive) {
  Pending& pending = expect(MethodId::exchange_declare, exchange.index);
  pending.flag = passive;
  if (!passive && !exchange.wild) {
    exchange.changing = true;
    if (exchange.exists.state() == Presence::absent)
      exchange.exists.set(Presence::maybe, judge().now());
  }
  if (!passive) ++exchange.locks;
  judge().note("  exchange {} {}{}{} alternate '{}'", exchange.name, exchange.type,
               passive ? " passive" : "", exchange.auto_delete ? " auto-delete" : "",
               exchange.alternate);
  core::FieldTableWriter arguments;
  if (!exchange.alternate.empty()) arguments.text("alternate-exchange", exchange.alternate);
  if (exchange.delays) arguments.text("x-delayed-type", exchange.type);
  if (exchange.deduplicates) arguments.boolean("x-message-deduplication", true);
  std::string type = exchange.delays ? "x-delayed-message" : exchange.type;
  if (exchange.keeps_history) type = "x-recent-history";
  const std::string table = arguments.take();
  send(amqp::ExchangeDeclare{exchange.name, type, passive, exchange.durable, exchange.auto_delete,
                             exchange.internal, false, core::as_bytes(table)});
}

void Channel::delete_exchange(ExchangeModel& exchange, bool if_unused) {
  Pending& pending = expect(MethodId::exchange_delete, exchange.index);
  pending.flag = if_unused;
  ++exchange.locks;
  if (!exchange.wild) {
    exchange.changing = true;
    exchange.exists.set(Presence::maybe, judge().now());
    model().update_auto_delete_exchanges();
  }
  send(amqp::ExchangeDelete{exchange.name, if_unused, false});
}

void Channel::bind_or_unbind(BindingModel& binding, bool unbinds, bool no_wait) {
  const MethodId method = binding.to_queue
                              ? (unbinds ? MethodId::queue_unbind : MethodId::queue_bind)
                              : (unbinds ? MethodId::exchange_unbind : MethodId::exchange_bind);
  Pending& pending = expect(method, binding.index);
  pending.has_reply = !no_wait;
  ExchangeModel& source = model().exchange(binding.source);
  ++binding.locks;
  ++source.locks;
  const std::string& target = binding.to_queue ? model().queue(binding.destination).name
                                               : model().exchange(binding.destination).name;
  ++(binding.to_queue ? model().queue(binding.destination).locks
                      : model().exchange(binding.destination).locks);
  if (unbinds || binding.exists.state() == Presence::absent)
    binding.exists.set(Presence::maybe, judge().now());
  model().update_auto_delete_exchanges();
  judge().note("  {} -> {} key '{}' match '{}' {} headers", source.name, target, binding.key,
               binding.match, binding.headers.size());
  core::FieldTableWriter table;
  for (const auto& [name, value] : binding.headers) table.int32(name, value);
  if (!binding.match.empty()) table.text("x-match", binding.match);
  const std::string arguments = table.take();
  const core::Bytes bytes = core::as_bytes(arguments);
  if (method == MethodId::queue_bind)
    send(amqp::QueueBind{target, source.name, binding.key, no_wait, bytes});
  if (method == MethodId::queue_unbind)
    send(amqp::QueueUnbind{target, source.name, binding.key, bytes});
  if (method == MethodId::exchange_bind)
    send(amqp::ExchangeBind{target, source.name, binding.key, no_wait, bytes});
  if (method == MethodId::exchange_unbind)
    send(amqp::ExchangeUnbind{target, source.name, binding.key, false, bytes});
}

void Channel::bind(BindingModel& binding, bool no_wait) { bind_or_unbind(binding, false, no_wait); }
void Channel::unbind(BindingModel& binding) { bind_or_unbind(binding, true, false); }

std::string Channel::make_headers(const Sent& message, std::int32_t delay) {
  core::FieldTableWriter table;
  for (const auto& [name, value] : message.address.headers) table.int32(name, value);
  if (!message.double_id.empty()) table.text("x-deduplication-header", message.double_id);
  if (delay > 0) table.int32("x-delay", delay);
  if (delay < 0) table.int64("x-delay", delay);
  if (!message.address.cc_keys.empty()) {
    table.begin_array("CC");
    for (const std::string& key : message.address.cc_keys) table.text({}, key);
    table.end();
  }
  return table.take();
}

void Channel::make_properties(Sent& message) {
  core::Random& random = *parts_.random;
  const auto delay = static_cast<std::int32_t>(message.delay_ms);
  const std::string headers = make_headers(message, delay);
  const std::string id = "m" + std::to_string(message.id);
  core::PropertiesView view;
  view.message_id = id;
  view.set(core::Property::message_id);
  if (!headers.empty() || random.chance(10)) {
    view.headers = core::as_bytes(headers);
    view.set(core::Property::headers);
  }
  if (message.persistent || random.chance(50)) {
    view.delivery_mode = message.persistent ? 2 : 1;
    view.set(core::Property::delivery_mode);
  }
  if (random.chance(20)) {
    view.content_type = "text/plain";
    view.set(core::Property::content_type);
  }
  if (random.chance(20)) {
    view.priority = static_cast<std::uint8_t>(random.below(random.chance(50) ? 8 : 256));
    view.set(core::Property::priority);
    message.priority = view.priority;
  }
  if (message.wants_reply) {
    view.reply_to = core::reply_to_queue;
    view.set(core::Property::reply_to);
  }
  const std::string expiration = std::to_string(random.below(300));
  if (message.expires || message.has_long_ttl) {
    view.expiration = message.expires ? std::string_view{expiration} : long_ttl_ms;
    view.set(core::Property::expiration);
  }
  if (random.chance(10)) {
    view.timestamp_s = random.next();
    view.set(core::Property::timestamp);
  }
  message.properties = core::as_text(core::encode_properties(view));
  const std::string headers_after = make_headers(message, -delay);
  view.headers = core::as_bytes(headers_after);
  message.properties_after = core::as_text(core::encode_properties(view));
}

void Channel::publish(const PublishPlan& plan) {
  Sent& message = oracle().create();
  message.channel = parts_.id;
  message.sent = judge().advance();
  message.address = plan.address;
  message.body_size = plan.body_size;
  message.mandatory = plan.mandatory;
  message.immediate = plan.immediate;
  message.expires = plan.expires;
  message.has_long_ttl = !plan.expires && message.id % 8 == 3;
  message.persistent = plan.persistent;
  message.double_id = plan.double_id;
  message.delay_ms = plan.delay_ms;
  message.wants_reply = plan.wants_reply;
  const ExchangeModel* exchange = model().find_exchange(plan.address.exchange);
  message.is_held = plan.delay_ms > 0 || (exchange != nullptr && exchange->holds());
  message.may_repeat = exchange != nullptr && exchange->keeps_history;
  message.sent_at = judge().time();
  make_properties(message);
  judge().note("{}.{} publishes {} to '{}' key '{}' size {}", parts_.client, parts_.number,
               message.id, plan.address.exchange, plan.address.key, plan.body_size);
  const std::uint64_t order = next_order_++;
  unaccepted_.emplace_back(order, message.id);
  if (mode_ == Mode::tx) {
    tx_publishes_.push_back(message.id);
  } else {
    unprocessed_.emplace_back(order, message.id);
  }
  if (mode_ == Mode::confirm) unconfirmed_.emplace(next_publish_++, message.id);
  send(amqp::BasicPublish{plan.address.exchange, plan.address.key, plan.mandatory, plan.immediate});
  const std::string body = Oracle::body_of(message.id, plan.body_size);
  parts_.wire->content(parts_.number, {message.properties, body, body.size()});
}

void Channel::consume(QueueModel& queue, const ConsumePlan& plan) {
  const std::string tag =
      plan.stream_name.empty() ? "c" + std::to_string(next_consumer_++) : plan.stream_name;
  Pending& pending = expect(MethodId::basic_consume, queue.index);
  pending.tag = tag;
  pending.has_reply = !plan.no_wait;
  queue.consumers.push_back(std::make_unique<ConsumerModel>());
  ConsumerModel& model = *queue.consumers.back();
  model.exclusive = plan.exclusive;
  model.channel = this;
  if (queue.auto_delete && queue.exists.state() == Presence::present)
    queue.exists.set(Presence::maybe, judge().now());
  model.active.set(Presence::maybe, judge().now());
  Consumer consumer{
      queue.index, plan.no_ack, plan.no_ack ? 0U : prefetch_, plan.no_ack ? 0U : prefetch_size_, 0,
      false,       &model};
  consumer.reader.from = plan.stream_from;
  consumer.is_timed = plan.timeout_ms > 0;
  has_timed_ |= consumer.is_timed;
  if (!plan.stream_name.empty()) {
    forget_tag(tag);
    auto named = std::make_shared<NamedReader>();
    named->name = tag;
    named->client = parts_.client;
    named->at_least = queue.log.names[tag].sure[parts_.client];
    consumer.reader.named = std::move(named);
  }
  consumers_.emplace(tag, consumer);
  touched_.insert(queue.index);
  queue.users.insert(this);
  if (plan.no_ack) lossy_.insert(queue.index);
  core::FieldTableWriter table;
  if (plan.priority != 0) table.int32("x-priority", plan.priority);
  if (plan.timeout_ms > 0)
    table.int32("x-consumer-timeout", static_cast<std::int32_t>(plan.timeout_ms));
  if (!plan.stream_name.empty()) table.boolean("x-stream-automatic-offset-tracking", true);
  if (const std::string& from = plan.stream_from; !from.empty()) {
    std::int64_t offset = 0;
    const bool is_number =
        std::from_chars(from.data(), from.data() + from.size(), offset).ec == std::errc{};
    if (is_number) {
      table.int64("x-stream-offset", offset);
    } else {
      table.text("x-stream-offset", from);
    }
  }
  const std::string arguments = table.take();
  send(amqp::BasicConsume{queue.name, tag, false, plan.no_ack, plan.exclusive, plan.no_wait,
                          core::as_bytes(arguments)});
}

/// What it holds is of an earlier consumer of this tag.
void Channel::forget_tag(const std::string& tag) {
  for (auto& [delivery_tag, held] : unacked_)
    if (held.tag == tag) held.tag = "gone";
  for (TxSettle& settle : tx_settles_)
    if (settle.held.tag == tag) settle.held.tag = "gone";
}

void Channel::consume_replies() {
  expect(MethodId::basic_consume, 0).tag = reply_tag;
  has_reply_consumer_ = true;
  send(amqp::BasicConsume{core::reply_to_queue, reply_tag, false, true, false, false, {}});
}

void Channel::cancel(const std::string& tag) {
  Consumer& consumer = consumers_.at(tag);
  QueueModel& queue = model().queue(consumer.queue);
  Pending& pending = expect(MethodId::basic_cancel, queue.index);
  pending.tag = tag;
  consumer.cancelling = true;
  consumer.model->active.set(Presence::maybe, judge().now());
  if (queue.auto_delete && !queue.wild && queue.exists.state() == Presence::present)
    queue.exists.set(Presence::maybe, judge().now());
  model().update_auto_delete_exchanges();
  send(amqp::BasicCancel{tag, false});
}

void Channel::get(QueueModel& queue, bool no_ack) {
  expect(MethodId::basic_get, queue.index).flag = no_ack;
  touched_.insert(queue.index);
  queue.users.insert(this);
  if (no_ack) lossy_.insert(queue.index);
  send(amqp::BasicGet{queue.name, no_ack});
}

void Channel::qos(std::uint16_t count, std::uint32_t size, bool global) {
  expect(MethodId::basic_qos, count);
  if (global) {
    bool has_acking = !tx_settles_.empty();
    for (const auto& [tag, consumer] : consumers_) has_acking = has_acking || !consumer.no_ack;
    for (const auto& [tag, held] : unacked_) has_acking = has_acking || !held.tag.empty();
    shared_unlimited_ = count == 0 || (shared_unlimited_ && has_acking);
    shared_limit_ = has_acking ? std::max<std::uint32_t>(shared_limit_, count) : count;
  } else {
    prefetch_ = count;
    prefetch_size_ = size;
  }
  send(amqp::BasicQos{size, count, global});
}

void Channel::apply_settle(const LocatedRecord& held, core::Outcome outcome, std::uint64_t order) {
  if (held.dead_id != 0 && outcome != core::Outcome::requeued)
    oracle().dead_letters().on_consumed(held.died_in, held.dead_id);
  if (held.message != 0 && outcome == core::Outcome::acknowledged)
    oracle().dead_letters().on_consumed(held.queue, held.message);
  if (outcome == core::Outcome::requeued) {
    oracle().on_requeued({this, held.queue, held.message});
  } else if (has_timed_ && !held.reader) {
    oracle().on_settle_unsure({this, held.queue, held.message});  // It may have gone back before.
  } else {
    oracle().on_settle_sent({this, held.queue, held.message, parts_.id});
    if (held.reader)
      oracle().on_stream_settle_sent(model().queue(held.queue), *held.reader, held.offset);
    settling_.push_back({order, held.queue, held.message, outcome == core::Outcome::rejected,
                         held.reader, held.offset});
  }
}

void Channel::settle(std::uint64_t tag, bool multiple, core::Outcome outcome) {
  judge().advance();
  judge().note("{}.{} settles {}{} as {}", parts_.client, parts_.number, tag,
               multiple ? " and before" : "", static_cast<int>(outcome));
  const std::uint64_t order = next_order_++;
  std::vector<std::uint64_t> tags;
  for (const auto& [held_tag, held] : unacked_) {
    if (multiple ? (tag == 0 || held_tag <= tag) : held_tag == tag) tags.push_back(held_tag);
  }
  for (const std::uint64_t one : tags) {
    LocatedRecord held = unacked_.at(one);
    unacked_.erase(one);
    const auto consumer = consumers_.find(held.tag);
    if (consumer != consumers_.end() && consumer->second.unacked > 0) --consumer->second.unacked;
    if (mode_ == Mode::tx) {
      tx_settles_.push_back({one, std::move(held), outcome});
    } else {
      apply_settle(held, outcome, order);
    }
  }
  const bool requeue = outcome == core::Outcome::requeued;
  if (outcome == core::Outcome::acknowledged) return send(amqp::BasicAck{tag, multiple});
  if (!multiple && tag % 2 == 0) return send(amqp::BasicReject{tag, requeue});
  send(amqp::BasicNack{tag, multiple, requeue});
}

void Channel::recover(bool with_async, bool requeue) {
  if (with_async) send(amqp::BasicRecoverAsync{requeue});
  Pending& pending = expect(MethodId::basic_recover, 0);
  pending.touched = touched_;
  ++recovering_;
  for (const std::uint32_t queue : touched_) {
    ++model().queue(queue).disturbances.by_request;
    if (requeue) oracle().on_owed_requeued(queue, this);
  }
  for (const auto& [tag, held] : unacked_) {
    const auto consumer = consumers_.find(held.tag);
    const bool again = !requeue && consumer != consumers_.end() && !consumer->second.is_timed;
    oracle().on_recovered({this, held.queue, held.message},
                          again ? consumer->second.model : nullptr);
  }
  unacked_.clear();
  for (auto& [tag, consumer] : consumers_) consumer.unacked = 0;
  send(amqp::BasicRecover{requeue});
}

void Channel::select_confirm() {
  expect(MethodId::confirm_select, 0);
  mode_ = Mode::confirm;
  send(amqp::ConfirmSelect{false});
}

void Channel::select_tx() {
  expect(MethodId::tx_select, 0);
  mode_ = Mode::tx;
  send(amqp::TxSelect{});
}

void Channel::commit() {
  const std::uint64_t order = expect(MethodId::tx_commit, 0).order;
  for (const MessageId id : tx_publishes_) unprocessed_.emplace_back(order, id);
  tx_publishes_.clear();
  for (const TxSettle& settle : tx_settles_) apply_settle(settle.held, settle.outcome, order);
  tx_settles_.clear();
  send(amqp::TxCommit{});
}

void Channel::rollback() {
  expect(MethodId::tx_rollback, 0);
  for (const MessageId id : tx_publishes_) oracle().sent(id).revoked = true;
  tx_publishes_.clear();
  for (TxSettle& settle : tx_settles_) {
    const auto consumer = consumers_.find(settle.held.tag);
    if (consumer != consumers_.end()) ++consumer->second.unacked;
    unacked_.emplace(settle.tag, std::move(settle.held));
  }
  tx_settles_.clear();
  send(amqp::TxRollback{});
}

void Channel::flow(bool active) {
  expect(MethodId::channel_flow, 0).flag = active;
  stopping_flow_ = !active;
  if (active) flow_stopped_ = false;
  send(amqp::ChannelFlow{active});
}

void Channel::close() {
  expect(MethodId::channel_close, 0);
  begin_close();
  send(amqp::ChannelClose{200, "bye", 0, 0});
}

}  // namespace lepus::sim
