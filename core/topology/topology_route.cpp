// From an exchange and a message's keys and headers to queues.
//
// Each call has a number. A queue or exchange that carries this call's number was met before, so
// fan-in and cycles cost a compare and need no set. Exchanges are visited in the order they were
// found, each once.
#include "core/base/assert.h"
#include "core/exchange/router.h"
#include "core/topology/exchange_store.h"
#include "core/topology/topology.h"

namespace lepus::core {

void Topology::route(const ExchangeInfo& exchange, const RouteInput& input,
                     RouteResult& out) const {
  CHECK(route_pending_.empty());  // Not reentrant.
  ++route_mark_;
  for (const QueueInfo* queue : out.queues_) queue->route_mark = route_mark_;
  for (const ExchangeId id : input.passed)
    if (const ExchangeInfo* met = find_exchange(id)) met->route_mark = route_mark_;
  exchange.route_mark = route_mark_;
  route_through(exchange, input, out);
  // Exchanges met on the way are appended to route_pending_ while it is walked.
  for (std::size_t index = 0; index < route_pending_.size(); ++index)
    route_through(*route_pending_[index], input, out);
  route_pending_.clear();
}

/// True: it goes there, and on from there. A history takes it besides.
bool Topology::take_store(const ExchangeInfo& exchange, const RouteInput& input,
                          RouteResult& out) const {
  QueueInfo& store = *exchange.store;
  // Whether one header says so is another message's business.
  if (store.store_use != StoreUse::deduplicate) out.needs_headers_ = true;
  if (store.store_use == StoreUse::history && is_left_out_of_history(input.headers)) return false;
  const bool waits = exchange.parsed.deduplication.is_on || delay_ms(input.headers) > 0;
  if (store.store_use == StoreUse::delay && !waits) return false;
  if (store.route_mark != route_mark_) {
    store.route_mark = route_mark_;
    out.queues_.push_back(&store);
  }
  return store.store_use != StoreUse::history;
}

void Topology::route_through(const ExchangeInfo& exchange, const RouteInput& input,
                             RouteResult& out) const {
  if (exchange.store != nullptr && &exchange != input.skip_store &&
      take_store(exchange, input, out))
    return;
  bool matched = false;
  const auto take_queue = [&](QueueInfo& queue) {
    matched = true;
    CHECK(queue.route_mark <= route_mark_);
    if (queue.route_mark == route_mark_) return;
    queue.route_mark = route_mark_;
    out.queues_.push_back(&queue);
  };
  const auto take_binding = [&](const Binding& binding) {
    if (binding.queue != nullptr) {
      take_queue(*binding.queue);
    } else {
      matched = true;
      follow(*binding.exchange);
    }
  };
  const auto take_key = [&](std::string_view key) {
    if (!exchange.is_default()) {
      exchange.router->match_key(key, take_binding);
      return;
    }
    const auto found = exchange.vhost_info.queues.find(key);
    if (found != exchange.vhost_info.queues.end()) take_queue(**found);
  };

  switch (exchange.parsed.routes_as) {
    case ExchangeType::headers:
      out.needs_headers_ = true;
      [[fallthrough]];
    case ExchangeType::fanout:
      exchange.router->match_message(input.headers, take_binding);
      break;
    case ExchangeType::direct:
    case ExchangeType::topic:
      take_key(input.key);
      for (const std::string_view key : input.cc_keys) take_key(key);
      break;
    case ExchangeType::random:
    case ExchangeType::local_random:  // Every queue is local: there is one node.
      out.needs_headers_ = true;
      exchange.router->match_number(mix_hash(++chance_, route_mark_), take_binding);
      break;
    case ExchangeType::consistent_hash:
    case ExchangeType::modulus_hash:
      if (exchange.parsed.hash_source.kind != HashSource::Kind::routing_key)
        out.needs_headers_ = true;
      exchange.router->match_number(
          hash_message(exchange.parsed.hash_source, {input.key, input.headers, input.properties}),
          take_binding);
      break;
    case ExchangeType::delayed_message:
    case ExchangeType::recent_history:
      break;  // They route as another type.
  }
  if (matched || !exchange.effective_alternate) return;
  const auto alternate =
      exchange.vhost_info.exchanges.find(std::string_view{*exchange.effective_alternate});
  if (alternate != exchange.vhost_info.exchanges.end()) follow(*alternate->second);
}

void Topology::follow(const ExchangeInfo& exchange) const {
  if (exchange.route_mark == route_mark_) return;
  exchange.route_mark = route_mark_;
  route_pending_.push_back(&exchange);
}

}  // namespace lepus::core
