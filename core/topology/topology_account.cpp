// See topology_account.h.
#include "core/topology/topology_account.h"

#include <variant>

#include "core/limits.h"

namespace lepus::core {

namespace {

std::uint64_t text_size(const std::string& text) {
  constexpr std::size_t inside = 15;  // A short one is in the object.
  return text.size() > inside ? text.size() + 1 : 0;
}

std::uint64_t exchange_size(const ExchangeSpec& exchange) {
  return sizeof(ExchangeInfo) + limits::topology_entry_overhead + text_size(exchange.name) +
         text_size(exchange.arguments) + text_size(exchange.alternate);
}

/// The key is in the router, too.
template <class Any>
std::uint64_t binding_size(const Any& binding) {
  return sizeof(Binding) + limits::topology_entry_overhead + 2 * text_size(binding.key) +
         text_size(binding.arguments);
}

std::uint64_t bindings_size(const BindingList& list) {
  std::uint64_t size = 0;
  list.for_each([&size](const Binding& binding) { size += binding_size(binding); });
  return size;
}

}  // namespace

std::uint64_t TopologyAccount::size_of(const QueueSpec& queue) const {
  const std::uint64_t home = queue.home == shard_ ? limits::queue_home_memory : 0;
  return sizeof(QueueInfo) + limits::topology_entry_overhead + text_size(queue.name) +
         text_size(queue.arguments) + home;
}

void TopologyAccount::note(const Topology& topology, const TopologyChange& change) {
  if (const auto* added = std::get_if<QueueAdded>(&change)) return add(size_of(added->queue));
  if (const auto* added = std::get_if<ExchangeAdded>(&change))
    return add(exchange_size(added->exchange));
  if (const auto* added = std::get_if<BindingAdded>(&change))
    return add(binding_size(added->binding));
  // Of equal bindings one may be written in more bytes than the other.
  if (const auto* removed = std::get_if<BindingRemoved>(&change)) {
    const Binding* binding = topology.find_binding(removed->binding);
    CHECK(binding != nullptr);
    return take_off(binding_size(*binding));
  }
  if (const auto* removed = std::get_if<QueueRemoved>(&change)) {
    const QueueInfo* queue = topology.find_queue(removed->id);
    CHECK(queue != nullptr);
    return take_off(size_of(*queue) + bindings_size(queue->bindings));
  }
  if (const auto* removed = std::get_if<ExchangeRemoved>(&change)) {
    const ExchangeInfo* exchange = topology.find_exchange(removed->id);
    CHECK(exchange != nullptr);
    take_off(exchange_size(*exchange) + bindings_size(exchange->bindings_out));
    exchange->bindings_in.for_each([&](const Binding& binding) {
      if (binding.source != exchange) take_off(binding_size(binding));
    });
  }
}

void TopologyAccount::add(std::uint64_t size) {
  bytes_ += size;
  account_.topology_bytes += size;
}

void TopologyAccount::take_off(std::uint64_t size) {
  CHECK(bytes_ >= size);
  bytes_ -= size;
  account_.topology_bytes -= size;
}

}  // namespace lepus::core
