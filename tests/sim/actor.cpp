// Choosing what to do, to what, and how.
#include "tests/sim/actor.h"

#include <algorithm>

#include "core/broker/event.h"

namespace lepus::sim {

namespace {
constexpr std::size_t pending_max = 4;
constexpr std::size_t queue_names_max = 60;
constexpr std::size_t unsent_max = 100'000;
}  // namespace

Channel* Actor::choose_channel(Client& client) {
  std::vector<Channel*> open;
  for (const auto& [number, channel] : client.channels())
    if (channel->state() == Channel::State::open) open.push_back(channel.get());
  if (client.channels().size() < scene_.plan->channels_max && (open.empty() || random_.chance(5))) {
    Channel* channel = client.open_channel();
    if (random_.chance(scene_.plan->confirm)) {
      channel->select_confirm();
    } else if (random_.chance(scene_.plan->tx)) {
      channel->select_tx();
    }
    return nullptr;
  }
  return open.empty() ? nullptr : open[random_.below(open.size())];
}

void Actor::act(Client& client) {
  if (client.phase() != Client::Phase::open || client.wire().unsent_size() > unsent_max) return;
  if (random_.below(1000) < scene_.plan->abrupt_per_mille) {
    ++scene_.actions_done;
    if (random_.chance(40)) return client.close();
    return client.cut(static_cast<Client::Cut>(random_.below(4)));
  }
  Channel* channel = choose_channel(client);
  if (channel == nullptr) return;
  if (channel->needs_sync() && random_.chance(30)) return channel->sync();
  if (channel->pending_count() >= pending_max) return;
  ++scene_.actions_done;
  if (random_.below(1000) < scene_.plan->illegal_per_mille) {
    if (random_.chance(60)) return break_channel(client, *channel);
    return break_connection(client, *channel);
  }
  act_on(client, *channel);
}

void Actor::act_on(Client& client, Channel& channel) {
  if (!channel.unacked().empty() && random_.chance(scene_.plan->settle)) return settle(channel);
  if (random_.chance(scene_.plan->topology)) return change_topology(client, channel);
  if (random_.chance(3) && !channel.has_reply_consumer()) return channel.consume_replies();
  const std::uint64_t dice = random_.below(100);
  if (dice < 62) return publish(client, channel);
  if (dice < 90) return use_queue(client, channel);
  control_channel(client, channel);
}

// ---- choices ----

/// Mostly one that exists; now and then one that perhaps does, or does not.
QueueModel* Actor::choose_queue(const Client& client) {
  Model& model = *scene_.model;
  std::vector<QueueModel*> present;
  std::vector<QueueModel*> others;
  for (std::uint32_t i = 0; i < model.queue_count(); ++i) {
    QueueModel& queue = model.queue(i);
    if (queue.wild && !random_.chance(scene_.plan->wild)) continue;
    if (!queue.wild && queue.exclusive && queue.owner != client.id()) continue;
    if (queue.exists.state() == Presence::absent && !random_.chance(5)) continue;
    const bool sure = queue.exists.state() == Presence::present;
    (sure ? present : others).push_back(&queue);
  }
  const bool from_others = !others.empty() && random_.chance(present.empty() ? 20 : 3);
  std::vector<QueueModel*>& candidates = from_others ? others : present;
  return candidates.empty() ? nullptr : candidates[random_.below(candidates.size())];
}

/// Wild queues and exchanges are made again and again.
void Actor::tame(Channel& channel, QueueModel& queue) {
  if (queue.wild && random_.chance(60)) channel.declare_queue(queue, false, random_.chance(50));
}

ExchangeModel* Actor::choose_exchange() {
  Model& model = *scene_.model;
  std::vector<ExchangeModel*> candidates;
  for (std::uint32_t i = 0; i < model.exchange_count(); ++i) {
    ExchangeModel& exchange = model.exchange(i);
    if (exchange.wild && !random_.chance(scene_.plan->wild)) continue;
    if (exchange.exists.state() == Presence::absent && !random_.chance(1)) continue;
    if (exchange.exists.state() == Presence::maybe && !random_.chance(20)) continue;
    candidates.push_back(&exchange);
    if (model.has_bindings(exchange)) candidates.insert(candidates.end(), 4, &exchange);
  }
  return candidates.empty() ? nullptr : candidates[random_.below(candidates.size())];
}

std::string Actor::choose_key() {
  static constexpr const char* keys[] = {"a", "b", "a.b", "b.a", "a.b.c", "c", "a..b", "c.c.c", ""};
  return keys[random_.below(std::size(keys))];
}

std::string Actor::choose_pattern() {
  static constexpr const char* patterns[] = {"a",   "b",   "a.*", "*.b", "#",     "a.#",
                                             "#.c", "*.*", "",    "*",   "#.b.#", "a.#.c"};
  return patterns[random_.below(std::size(patterns))];
}

Headers Actor::choose_headers() {
  Headers headers;
  for (const char* name : {"h1", "h2", "x-h3"})
    if (random_.chance(50)) headers[name] = static_cast<std::int32_t>(random_.below(2));
  return headers;
}

std::size_t Actor::choose_body_size() {
  if (!random_.chance(scene_.plan->large_body)) return random_.below(64);
  switch (random_.below(5)) {
    case 0:
      return 0;
    case 1:
      return 60 + random_.below(10);
    case 2:
      return random_.below(1000);
    case 3:
      return 4080 + random_.below(20);
    default:
      return random_.below(10'000);
  }
}

std::uint32_t Actor::choose_prefetch_size() {
  return random_.chance(80) ? 0 : static_cast<std::uint32_t>(1 + random_.below(300));
}

// ---- messages ----

void Actor::publish(Client& client, Channel& channel) {
  if (scene_.oracle->count() >= scene_.plan->messages_max) return;
  PublishPlan plan;
  ExchangeModel* exchange = choose_exchange();
  const bool to_default = random_.chance(50) || exchange == nullptr || exchange->internal;
  plan.address.key = choose_key();
  if (to_default) {
    QueueModel* queue = choose_queue(client);
    if (scene_.plan->dead_letters > 0 && (queue == nullptr || queue->rules.dead_letter_to.empty()))
      queue = choose_queue(client);
    if (queue != nullptr) plan.address.key = queue->name;
  } else {
    plan.address.exchange = exchange->name;
  }
  plan.wants_reply = channel.has_reply_consumer() && random_.chance(50);
  const std::string reply_name =
      to_default && random_.chance(10) ? scene_.oracle->choose_reply_name(random_) : "";
  if (!reply_name.empty()) plan.address.key = reply_name;
  if (random_.chance(30)) plan.address.headers = choose_headers();
  if (random_.chance(5)) {
    plan.address.cc_keys.push_back(choose_key());
    if (QueueModel* queue = choose_queue(client)) plan.address.cc_keys.push_back(queue->name);
  }
  const bool is_delayed = !to_default && exchange->delays && random_.chance(70);
  const bool is_held = is_delayed || (!to_default && exchange->holds());
  if (is_delayed) plan.delay_ms = static_cast<std::uint32_t>(1 + random_.below(300));
  if (random_.chance(!to_default && exchange->deduplicates ? 70 : scene_.plan->rules / 4))
    plan.double_id = "d" + std::to_string(random_.below(8));
  plan.mandatory = !is_held && reply_name.empty() && random_.chance(30);
  // One that is delayed comes back as it was sent, not as it would have been delivered.
  plan.immediate = !is_delayed && reply_name.empty() && random_.chance(5);
  plan.expires = random_.chance(scene_.plan->expiring);
  plan.persistent = random_.chance(scene_.plan->persistent);
  plan.body_size = choose_body_size();
  const std::size_t burst = random_.chance(20) ? 1 + random_.below(12) : 1;
  for (std::size_t i = 0; i < burst; ++i) channel.publish(plan);
}

void Actor::settle(Channel& channel) {
  const auto& unacked = channel.unacked();
  if (unacked.empty()) return;
  auto chosen = unacked.begin();
  if (random_.chance(40))
    std::advance(chosen, static_cast<std::ptrdiff_t>(random_.below(unacked.size())));
  const bool multiple = random_.chance(30);
  // 0 is everything, also what is on its way here: only when nothing can be.
  const bool alone = channel.consumers().empty() && channel.is_idle();
  const std::uint64_t tag = multiple && alone && random_.chance(50) ? 0 : chosen->first;
  const std::uint64_t dice = random_.below(100);
  core::Outcome outcome = core::Outcome::acknowledged;
  if (dice >= 65) outcome = core::Outcome::requeued;
  if (dice >= 90) outcome = core::Outcome::rejected;
  channel.settle(tag, multiple, outcome);
}

void Actor::use_queue(Client& client, Channel& channel) {
  QueueModel* queue = choose_queue(client);
  if (queue == nullptr) return declare_queue(client, channel);
  if (queue->rules.stream) return use_stream(channel, *queue);
  tame(channel, *queue);
  const std::uint64_t dice = random_.below(100);
  const bool no_ack = random_.chance(scene_.plan->no_ack);
  // Several consumers are what it is about.
  const bool wants_more = queue->rules.single_active && random_.chance(60);
  if (dice < 45 && !wants_more) return channel.get(*queue, no_ack);
  if ((dice < 75 || wants_more) && channel.consumers().size() < 4) {
    const std::int32_t priority =
        random_.chance(80) ? 0 : static_cast<std::int32_t>(random_.below(3)) - 1;
    const bool exclusive = random_.chance(10) && !queue->rules.single_active;
    ConsumePlan plan{no_ack, exclusive, random_.chance(10), priority};
    if (!no_ack && !queue->auto_delete && random_.chance(5))
      plan.timeout_ms = static_cast<std::uint32_t>(5 + random_.below(100));
    return channel.consume(*queue, plan);
  }
  if (dice < 90 && !channel.consumers().empty()) {
    auto chosen = channel.consumers().begin();
    std::advance(chosen, static_cast<std::ptrdiff_t>(random_.below(channel.consumers().size())));
    if (!chosen->second.cancelling) channel.cancel(std::string(chosen->first));
    return;
  }
  if (dice < 93 && !queue->changing) return channel.purge(*queue);
  channel.declare_queue(*queue, true, false);
}

void Actor::use_stream(Channel& channel, QueueModel& queue) {
  static constexpr const char* places[] = {"first", "last", "next"};
  if (channel.consumers().size() >= 4 || random_.chance(20))
    return channel.declare_queue(queue, true, false);
  if (channel.prefetch() == 0)
    channel.qos(static_cast<std::uint16_t>(1 + random_.below(20)), choose_prefetch_size(), false);
  ConsumePlan plan;
  const std::string name = "n" + std::to_string(random_.below(3));
  if (random_.chance(40) && !channel.consumers().contains(name)) {
    plan.stream_name = name;
  } else {
    plan.stream_from =
        random_.chance(50) ? places[random_.below(3)] : std::to_string(random_.below(20));
  }
  channel.consume(queue, plan);
}

void Actor::control_channel(Client& client, Channel& channel) {
  const std::uint64_t dice = random_.below(100);
  if (channel.mode() == Channel::Mode::tx && random_.chance(50)) return end_transaction(channel);
  if (dice < 10) return channel.close();
  if (dice < 25) return channel.recover(random_.chance(20), random_.chance(50));
  if (dice < 50)
    return channel.qos(static_cast<std::uint16_t>(random_.below(6)), choose_prefetch_size(),
                       random_.chance(40));
  if (dice < 60) return channel.flow(channel.is_stopping() || random_.chance(30));
  if (channel.mode() == Channel::Mode::plain) {
    if (random_.chance(scene_.plan->tx)) return channel.select_tx();
    if (random_.chance(scene_.plan->confirm)) return channel.select_confirm();
    return;
  }
  if (channel.mode() == Channel::Mode::tx) return end_transaction(channel);
  publish(client, channel);
}

void Actor::end_transaction(Channel& channel) {
  if (random_.chance(70)) return channel.commit();
  channel.rollback();
}

// ---- definitions ----

void Actor::change_topology(Client& client, Channel& channel) {
  const std::uint64_t dice = random_.below(100);
  if (dice < 28) return declare_queue(client, channel);
  if (dice < 30) return watch(channel);
  if (dice < 45) return declare_exchange(channel);
  if (dice < 75) return bind(client, channel);
  if (dice < 87) return unbind(channel);
  if (dice < 94) {
    QueueModel* queue = choose_queue(client);
    if (queue != nullptr) delete_queue(channel, *queue);
    return;
  }
  ExchangeModel* exchange = choose_exchange();
  if (exchange == nullptr || exchange->predeclared) return;
  if (!exchange->wild && (exchange->changing || exchange->unclear || exchange->locks > 0)) return;
  channel.delete_exchange(*exchange, random_.chance(40));
}

/// A queue for copies of the firehose and events.
void Actor::watch(Channel& channel) {
  Model& model = *scene_.model;
  QueueModel& queue = *model.find_queue("w0");
  channel.declare_queue(queue, false, false);
  for (const std::string_view name : {core::trace_exchange_name, core::event_exchange_name}) {
    BindingModel request;
    request.source = model.find_exchange(name)->index;
    request.destination = queue.index;
    request.key = "#";
    BindingModel& binding = model.add_binding(request);
    if (binding.locks == 0) channel.bind(binding, false);
  }
  ConsumePlan plan;
  plan.no_ack = random_.chance(50);
  if (channel.consumers().size() < 4) channel.consume(queue, plan);
}

void Actor::declare_queue(Client& client, Channel& channel) {
  Model& model = *scene_.model;
  std::size_t present = 0;
  for (std::uint32_t i = 0; i < model.queue_count(); ++i)
    present += model.queue(i).exists.state() == Presence::present ? 1 : 0;
  const bool enough = present >= scene_.plan->queues_max || model.queue_count() >= queue_names_max;
  if (enough || random_.chance(20)) {
    QueueModel* queue = choose_queue(client);
    if (queue == nullptr) return;
    const bool is_free = queue->exists.state() == Presence::present && !queue->changing &&
                         !queue->unclear && !queue->auto_delete && !queue->exclusive;
    if (!queue->wild && !is_free) return channel.declare_queue(*queue, true, false);
    return channel.declare_queue(*queue, false, random_.chance(20));
  }
  QueueModel& queue = model.add_queue("q" + std::to_string(scene_.next_name++));
  queue.durable = random_.chance(scene_.plan->durable);
  queue.exclusive = random_.chance(10);
  queue.auto_delete = random_.chance(15);
  if (random_.chance(scene_.plan->rules)) choose_rules(client, queue);
  if (scene_.plan->dead_letters > 0) choose_dead_letters(client, queue);
  channel.declare_queue(queue, false, random_.chance(20));
}

void Actor::choose_rules(const Client& client, QueueModel& queue) {
  QueueRules& rules = queue.rules;
  if (random_.chance(30)) rules.max_length = static_cast<std::uint32_t>(1 + random_.below(6));
  rules.reject_publish = rules.max_length > 0 && random_.chance(40);
  if (random_.chance(20)) rules.ttl_ms = static_cast<std::uint32_t>(1 + random_.below(300));
  if (random_.chance(10)) rules.expires_ms = static_cast<std::uint32_t>(1 + random_.below(500));
  if (random_.chance(30)) rules.max_priority = static_cast<std::uint8_t>(1 + random_.below(9));
  rules.lazy = random_.chance(25);
  if (random_.chance(15)) rules.max_in_memory = static_cast<std::uint32_t>(1 + random_.below(4));
  if (random_.chance(15)) rules.delivery_limit = static_cast<std::uint32_t>(1 + random_.below(3));
  if (random_.chance(15)) rules.retry_ms = static_cast<std::uint32_t>(1 + random_.below(30));
  rules.single_active = random_.chance(20);
  rules.deduplicates = random_.chance(20);
  const bool may_be_quorum = queue.durable && !queue.exclusive && !queue.auto_delete && !rules.lazy;
  // With both, basic.get is refused, and that is how queues are emptied in the end.
  rules.quorum = may_be_quorum && !rules.single_active && random_.chance(30);
  if (may_be_quorum && random_.chance(25)) {
    rules = {};
    rules.stream = true;
    return;
  }
  if (!random_.chance(50)) return;
  const QueueModel* target = choose_queue(client);
  if (target == nullptr || target->rules.stream) return;
  rules.dead_letter_to = target->name;
  rules.at_least_once = queue.index % 2 == 0;
}

/// The others take what these give up. Mostly the one before: at a start a shard is told of both of
/// them at about the same time.
void Actor::choose_dead_letters(const Client& client, QueueModel& queue) {
  QueueRules& rules = queue.rules;
  queue.exclusive = queue.auto_delete = false;
  const QueueModel* target = choose_queue(client);
  if (queue.index > 0 && random_.chance(70)) target = &scene_.model->queue(queue.index - 1);
  if (!random_.chance(scene_.plan->dead_letters)) return;
  if (target == nullptr || rules.stream || target->rules.stream || target->rules.forgets()) return;
  rules = {};
  if (random_.chance(50)) {
    rules.max_length = static_cast<std::uint32_t>(1 + random_.below(3));
  } else {
    rules.ttl_ms = static_cast<std::uint32_t>(50 + random_.below(250));
  }
  rules.dead_letter_to = target->name;
}

void Actor::declare_exchange(Channel& channel) {
  static constexpr const char* types[] = {
      "direct",         "fanout",   "topic",         "headers", "x-consistent-hash",
      "x-modulus-hash", "x-random", "x-local-random"};
  Model& model = *scene_.model;
  if (model.exchange_count() >= scene_.plan->exchanges_max || random_.chance(20)) {
    ExchangeModel* exchange = choose_exchange();
    if (exchange == nullptr || exchange->name.empty()) return;
    return channel.declare_exchange(*exchange, !exchange->wild);
  }
  const auto other = static_cast<std::uint32_t>(random_.below(model.exchange_count()));
  const bool has_alternate = random_.chance(25) && model.exchange_count() > 6 &&
                             !model.exchange(other).holds() && !model.exchange(other).wild;
  const std::string alternate = has_alternate ? model.exchange(other).name : "";
  ExchangeModel& exchange = model.add_exchange("x" + std::to_string(scene_.next_name++),
                                               types[random_.below(std::size(types))]);
  exchange.delays = !exchange.type.starts_with("x-") && random_.chance(25);
  exchange.deduplicates = random_.chance(20);
  exchange.keeps_history =
      exchange.type == "fanout" && !exchange.delays && !exchange.deduplicates && random_.chance(40);
  exchange.durable = random_.chance(scene_.plan->durable);
  exchange.auto_delete = random_.chance(20);
  exchange.internal = random_.chance(10);
  exchange.alternate = alternate;
  channel.declare_exchange(exchange, false);
}

void Actor::delete_queue(Channel& channel, QueueModel& queue) {
  if (!queue.wild && (queue.changing || queue.unclear || queue.locks > 0)) return;
  channel.delete_queue(queue, random_.chance(30), random_.chance(30));
}

void Actor::bind(Client& client, Channel& channel) {
  ExchangeModel* source = choose_exchange();
  if (source == nullptr || source->name.empty() || (!source->wild && source->changing)) return;
  BindingModel request;
  request.source = source->index;
  request.to_queue = random_.chance(75);
  if (request.to_queue) {
    QueueModel* queue = choose_queue(client);
    if (queue == nullptr || queue->wild != source->wild || queue->changing) return;
    if (source->wild) channel.declare_exchange(*source, false);
    tame(channel, *queue);
    request.destination = queue->index;
  } else {
    ExchangeModel* target = choose_exchange();
    if (target == nullptr || target->name.empty() || target->changing) return;
    if (target->holds()) return;  // It would be of messages to another exchange.
    if (target->wild != source->wild) return;
    request.destination = target->index;
  }
  request.key = source->type == "topic" ? choose_pattern() : choose_key();
  if (source->type == "x-consistent-hash") request.key = std::to_string(1 + random_.below(3));
  if (source->type == "headers") {
    static constexpr const char* modes[] = {"", "all", "any", "all-with-x", "any-with-x"};
    request.headers = choose_headers();
    request.match = modes[random_.below(5)];
  }
  BindingModel& binding = scene_.model->add_binding(request);
  if (binding.locks > 0) return;
  channel.bind(binding, random_.chance(20));
}

void Actor::unbind(Channel& channel) {
  Model& model = *scene_.model;
  if (model.binding_count() == 0) return;
  BindingModel& binding =
      model.binding(static_cast<std::uint32_t>(random_.below(model.binding_count())));
  if (binding.locks > 0 || binding.exists.state() == Presence::absent) return;
  if (binding.to_queue && model.queue(binding.destination).exclusive) return;
  if (model.exchange(binding.source).changing) return;
  if (binding.to_queue ? model.queue(binding.destination).changing
                       : model.exchange(binding.destination).changing)
    return;
  channel.unbind(binding);
}

}  // namespace lepus::sim
