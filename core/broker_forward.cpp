// What the broker publishes on behalf of a queue: dead letters, what leaves an exchange's store,
// and the history of an exchange for those who come later. And what goes into queues that look at
// each message first.
#include <algorithm>
#include <utility>

#include <boost/container/small_vector.hpp>

#include "core/broker.h"
#include "core/dead_letter.h"
#include "core/exchange_store.h"
#include "core/message_rewrite.h"

namespace lepus::core {

Broker::Forward Broker::make_forward(const QueueInfo& from, const Message& message,
                                     DeathReason reason) {
  return from.store_of ? release(from, message) : make_dead_letter(from, message, reason);
}

Broker::Forward Broker::release(const QueueInfo& store, const Message& message) {
  const ExchangeInfo* exchange = topology_.find_exchange(store.store_of);
  CHECK(exchange != nullptr);
  Forward forward{make_released(message, memory_), {}};
  route_forward(*exchange, exchange, forward);
  return forward;
}

Broker::Forward Broker::make_dead_letter(const QueueInfo& from, const Message& message,
                                         DeathReason reason) {
  const Death death{&from, reason, static_cast<std::uint64_t>((now_ + wall_offset_) / nanos_per_s)};
  const ExchangeInfo* exchange =
      topology_.find_exchange(from.vhost, *from.effective.dead_letter_exchange);
  if (exchange == nullptr) return {};
  Forward forward{core::make_dead_letter(message, death, memory_), {}};
  route_forward(*exchange, nullptr, forward);
  forward.route.drop_if(
      [&](const QueueInfo& target) { return is_cycle(*forward.message, target.name); });
  return forward;
}

/// By its key and those of its CC header; BCC is gone by now.
void Broker::route_forward(const ExchangeInfo& exchange, const ExchangeInfo* past_store,
                           Forward& forward) const {
  const PropertiesView view = properties_of(*forward.message);
  const std::vector<std::string_view> more_keys = carbon_keys(view);
  topology_.route(exchange,
                  {forward.message->routing_key(), view.headers, more_keys, &view, past_store},
                  forward.route);
}

void Broker::publish(const Forward& forward) {
  if (!forward.route.empty()) (void)publish({&forward.route, {}, 0}, forward.message);
}

bool Broker::transfer(const QueuePosition& from, const Forward& forward) {
  if (forward.route.empty()) return false;
  const std::uint64_t number = transfers_.begin(from);
  const std::uint32_t parts =
      publish({&forward.route, transfers_.channel(), number}, forward.message);
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
    if (!queue->is_special()) {
      plain.push_back(queue);
    } else if (!queue->is_double(*message)) {
      const MessageRef own = queue->own_copy(message, queues.size() > 1);
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
  Forward forward{make_released(message, memory_), {}};
  if (to.queue) {
    if (QueueInfo* queue = topology_.find_queue(to.queue)) forward.route.add(*queue);
  } else if (const ExchangeInfo* exchange = topology_.find_exchange(to.exchange)) {
    route_forward(*exchange, nullptr, forward);
  }
  publish(forward);
}

}  // namespace lepus::core
