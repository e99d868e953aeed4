// Where a message goes that is sent on, and in which form it goes there.
#include "core/broker/forward_router.h"

#include <algorithm>
#include <optional>
#include <utility>

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

ForwardRouter::ForwardRouter(const Parts& parts)
    : parts_(parts), session_(parts.sessions.attach({this, nullptr, this})) {}

ForwardRouter::~ForwardRouter() { parts_.sessions.detach(session_); }

Forward ForwardRouter::make_forward(const QueueInfo& from, const Message& message,
                                    DeathReason reason) {
  return from.store_of ? release(from, message) : make_dead_letter(from, message, reason);
}

Forward ForwardRouter::release(const QueueInfo& store, const Message& message) {
  const ExchangeInfo* exchange = parts_.topology.find_exchange(store.store_of);
  CHECK(exchange != nullptr);
  StorePath path = path_past(*exchange, message);
  Forward forward{make_released(message, store.store_use, parts_.host.memory()), {}, {}};
  route_forward(*exchange, exchange, path, forward);
  return forward;
}

Forward ForwardRouter::make_dead_letter(const QueueInfo& from, const Message& message,
                                        DeathReason reason) {
  const QueueHost::Turn& turn = parts_.host.turn();
  const Death death{&from, reason,
                    static_cast<std::uint64_t>((turn.now + turn.wall_clock_offset) / nanos_per_s)};
  const ExchangeInfo* exchange =
      parts_.topology.find_exchange(from.vhost, *from.effective->dead_letter_exchange);
  if (exchange == nullptr) return {};
  Forward forward{core::make_dead_letter(message, death, parts_.host.memory()), {}, {}};
  if (forwards_.is_behind() && deaths_in_a_row(*forward.message) > limits::deaths_max_behind)
    return {};
  StorePath path;
  path.is_dead_letter = true;
  route_forward(*exchange, nullptr, path, forward);
  return forward;
}

/// By its key and those of its CC header; BCC is gone by now. What goes into stores remembers the
/// way.
void ForwardRouter::route_forward(const ExchangeInfo& exchange, const ExchangeInfo* skip_store,
                                  StorePath& path, Forward& forward) {
  const PropertiesView view = properties_of(*forward.message);
  const std::vector<std::string_view> carbon = cc_keys(view);
  parts_.topology.route(
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
  forward.to_stores = with_path(*forward.message, path, parts_.host.memory());
}

namespace {

/// What goes into stores is a message of its own: visit(message, route).
template <class F>
void for_each_part(const Forward& forward, F&& visit) {
  if (forward.route.empty()) return;
  if (!forward.to_stores) return visit(forward.message, forward.route);
  RouteResult queues = forward.route;
  RouteResult stores = forward.route;
  queues.drop_if([](const QueueInfo& target) { return is_store(&target); });
  stores.drop_if([](const QueueInfo& target) { return !is_store(&target); });
  if (!queues.empty()) visit(forward.message, queues);
  visit(forward.to_stores, stores);
}

}  // namespace

void ForwardRouter::publish(const Forward& forward) {
  for_each_part(forward, [this](const MessageRef& message, const RouteResult& route) {
    (void)parts_.publisher.publish({&route, {}, 0}, message);
  });
}

void ForwardRouter::publish_later(const Forward& forward) {
  for_each_part(forward, [this](const MessageRef& message, const RouteResult& route) {
    forwards_.add(message, route);
  });
}

void ForwardRouter::publish_copy(Forwards::Copy copy) {
  RouteResult route;
  for (const QueueId id : copy.queues)
    if (QueueInfo* queue = parts_.topology.find_queue(id)) route.add(*queue);
  if (!route.empty()) (void)parts_.publisher.publish({&route, {}, 0}, std::move(copy.message));
}

bool ForwardRouter::forward_pending(QueueId id, std::size_t& budget) {
  Queue* queue = parts_.queues.find(id);
  return queue != nullptr && queue->forwards().forward_pending(budget);
}

bool ForwardRouter::transfer(const QueuePosition& from, const Forward& forward) {
  if (forward.route.empty()) return false;
  const std::uint64_t number = transfers_.begin(from);
  std::uint32_t parts = 0;
  for_each_part(forward, [&](const MessageRef& message, const RouteResult& route) {
    parts += parts_.publisher.publish({&route, session_, number}, message);
  });
  transfers_.expect(number, parts);
  return parts > 0;
}

void ForwardRouter::on_confirm(const Confirm& confirm) {
  for (std::uint64_t number = confirm.first; number <= confirm.last; ++number) {
    const std::optional<Transfers::Done> done = transfers_.complete(number, confirm.refused);
    if (!done) continue;
    if (Queue* queue = parts_.queues.find(done->from.queue))
      queue->forwards().on_transferred(done->from.sequence, done->refused);
  }
}

RouteResult ForwardRouter::publish_later(const ExchangeInfo& exchange, MessageRef message) {
  Forward forward{std::move(message), {}, {}};
  StorePath path;
  route_forward(exchange, nullptr, path, forward);
  publish_later(forward);
  return std::move(forward.route);
}

void ForwardRouter::replay_history(const BindingSpec& binding) {
  const ExchangeInfo* source = parts_.topology.find_exchange(binding.source);
  CHECK(source != nullptr);
  const QueueInfo* store = source->store;
  if (store == nullptr || store->local == nullptr) return;
  if (store->store_use != StoreUse::history) return;
  store->local->forwards().replay(binding);
}

void ForwardRouter::forward_history(const BindingSpec& to, const Message& message) {
  const ExchangeInfo* source = parts_.topology.find_exchange(to.source);
  if (source == nullptr) return;
  StorePath path = path_past(*source, message);
  Forward forward{make_released(message, StoreUse::history, parts_.host.memory()), {}, {}};
  const bool is_new =
      std::find(path.passed.begin(), path.passed.end(), to.exchange) == path.passed.end();
  if (to.queue) {
    if (QueueInfo* queue = parts_.topology.find_queue(to.queue)) forward.route.add(*queue);
  } else if (const ExchangeInfo* exchange = parts_.topology.find_exchange(to.exchange);
             is_new && exchange) {
    route_forward(*exchange, nullptr, path, forward);
  }
  publish_later(forward);
}

}  // namespace lepus::core
