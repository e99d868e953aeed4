// What the broker publishes on behalf of a queue: dead letters, what leaves an exchange's store,
// and the history of an exchange for those who come later. And what goes into queues that look at
// each message first.
#include <algorithm>
#include <utility>

#include <boost/container/small_vector.hpp>

#include "core/broker/broker.h"
#include "core/limits.h"
#include "core/message/message_rewrite.h"
#include "core/queue/dead_letter.h"
#include "core/topology/exchange_store.h"

namespace lepus::core {

namespace {

bool is_store(const QueueInfo* target) { return static_cast<bool>(target->store_of); }

/// What a message remembers that comes out of the store of this exchange.
StorePath path_past(const ExchangeInfo& exchange, const Message& message) {
  StorePath path = path_of(message);
  if (std::find(path.passed.begin(), path.passed.end(), exchange.id) == path.passed.end())
    path.passed.push_back(exchange.id);
  return path;
}

}  // namespace

Forward Broker::make_forward(const QueueInfo& from, const Message& message, DeathReason reason) {
  return from.store_of ? release(from, message) : make_dead_letter(from, message, reason);
}

Forward Broker::release(const QueueInfo& store, const Message& message) {
  const ExchangeInfo* exchange = topology_.find_exchange(store.store_of);
  CHECK(exchange != nullptr);
  StorePath path = path_past(*exchange, message);
  Forward forward{make_released(message, store.store_use, memory_), {}, {}};
  route_forward(*exchange, exchange, path, forward);
  return forward;
}

Forward Broker::make_dead_letter(const QueueInfo& from, const Message& message,
                                 DeathReason reason) {
  const Death death{
      &from, reason,
      static_cast<std::uint64_t>((turn_.now + turn_.wall_clock_offset) / nanos_per_s)};
  const ExchangeInfo* exchange =
      topology_.find_exchange(from.vhost, *from.effective.dead_letter_exchange);
  if (exchange == nullptr) return {};
  Forward forward{core::make_dead_letter(message, death, memory_), {}, {}};
  if (forwards_.is_behind() && deaths_in_a_row(*forward.message) > limits::deaths_max_behind)
    return {};
  StorePath path;
  path.is_dead_letter = true;
  route_forward(*exchange, nullptr, path, forward);
  return forward;
}

/// By its key and those of its CC header; BCC is gone by now. What goes into stores remembers the
/// way.
void Broker::route_forward(const ExchangeInfo& exchange, const ExchangeInfo* skip_store,
                           StorePath& path, Forward& forward) {
  const PropertiesView view = properties_of(*forward.message);
  const std::vector<std::string_view> carbon = cc_keys(view);
  topology_.route(
      exchange,
      {forward.message->routing_key(), view.headers, carbon, &view, skip_store, path.passed},
      forward.route);
  if (path.is_dead_letter)
    forward.route.drop_if(
        [&](const QueueInfo& target) { return is_cycle(*forward.message, target.name); });
  if (std::none_of(forward.route.begin(), forward.route.end(), is_store)) return;
  for (const QueueInfo* target : forward.route)
    if (is_store(target)) path.passed.push_back(target->store_of);
  if (path.passed.size() > limits::stores_passed_max)
    return forward.route.drop_if([](const QueueInfo& target) { return is_store(&target); });
  forward.to_stores = with_path(*forward.message, path, memory_);
}

/// What goes into stores is a message of its own: visit(message, route).
template <class F>
void Broker::for_each_part(const Forward& forward, F&& visit) {
  if (forward.route.empty()) return;
  if (!forward.to_stores) return visit(forward.message, forward.route);
  RouteResult queues = forward.route;
  RouteResult stores = forward.route;
  queues.drop_if([](const QueueInfo& target) { return is_store(&target); });
  stores.drop_if([](const QueueInfo& target) { return !is_store(&target); });
  if (!queues.empty()) visit(forward.message, queues);
  visit(forward.to_stores, stores);
}

void Broker::publish(const Forward& forward) {
  for_each_part(forward, [this](const MessageRef& message, const RouteResult& route) {
    (void)publish({&route, {}, 0}, message);
  });
}

void Broker::publish_later(const Forward& forward) {
  for_each_part(forward, [this](const MessageRef& message, const RouteResult& route) {
    forwards_.add(message, route);
  });
}

void Broker::publish_copy(Forwards::Copy copy) {
  RouteResult route;
  for (const QueueId id : copy.queues)
    if (QueueInfo* queue = topology_.find_queue(id)) route.add(*queue);
  if (!route.empty()) (void)publish({&route, {}, 0}, std::move(copy.message));
}

bool Broker::forward_pending(QueueId id, std::size_t& budget) {
  Queue* queue = find_queue(id);
  return queue != nullptr && queue->forward_pending(budget);
}

bool Broker::transfer(const QueuePosition& from, const Forward& forward) {
  if (forward.route.empty()) return false;
  const std::uint64_t number = transfers_.begin(from);
  std::uint32_t parts = 0;
  for_each_part(forward, [&](const MessageRef& message, const RouteResult& route) {
    parts += publish({&route, transfers_.channel(), number}, message);
  });
  transfers_.expect(number, parts);
  return parts > 0;
}

void Broker::on_transfer_confirm(const Confirm& confirm) {
  for (std::uint64_t number = confirm.first; number <= confirm.last; ++number) {
    const std::optional<Transfers::Done> done = transfers_.complete(number, confirm.refused);
    if (!done) continue;
    if (Queue* queue = find_queue(done->from.queue))
      queue->on_transferred(done->from.sequence, done->refused);
  }
}

/// Doubles are dropped, which counts as taken. Each of these queues has a record of its own, so
/// beside others it needs a message of its own: a message knows one place.
Broker::Accepted Broker::enqueue_each(const MessageRef& message, std::span<Queue* const> queues) {
  Accepted all;
  const auto take = [&](const MessageRef& one, std::span<Queue* const> targets) {
    const Accepted accepted = enqueue_plain(one, targets);
    all.refused |= accepted.refused;
    all.batch = std::max(all.batch, accepted.batch);
    return !accepted.refused;
  };
  boost::container::small_vector<Queue*, 6> plain;
  for (Queue* queue : queues) {
    if (!queue->needs_inspection()) {
      plain.push_back(queue);
    } else if (!queue->is_duplicate(*message)) {
      const MessageRef own = queue->private_copy(message, queues.size() > 1);
      if (take(own, {&queue, 1})) queue->remember(*message);
    }
  }
  if (!plain.empty()) take(message, plain);
  return all;
}

/// The new binding of an exchange with a history: what it brings.
void Broker::replay_history(const BindingSpec& binding) {
  const ExchangeInfo* source = topology_.find_exchange(binding.source);
  CHECK(source != nullptr);
  const QueueInfo* store = source->store;
  if (store == nullptr || store->local == nullptr) return;
  if (store->store_use != StoreUse::history) return;
  store->local->replay(binding);
}

void Broker::forward_history(const BindingSpec& to, const Message& message) {
  const ExchangeInfo* source = topology_.find_exchange(to.source);
  if (source == nullptr) return;
  StorePath path = path_past(*source, message);
  Forward forward{make_released(message, StoreUse::history, memory_), {}, {}};
  const bool is_new =
      std::find(path.passed.begin(), path.passed.end(), to.exchange) == path.passed.end();
  if (to.queue) {
    if (QueueInfo* queue = topology_.find_queue(to.queue)) forward.route.add(*queue);
  } else if (const ExchangeInfo* exchange = topology_.find_exchange(to.exchange);
             is_new && exchange) {
    route_forward(*exchange, nullptr, path, forward);
  }
  publish_later(forward);
}

}  // namespace lepus::core
