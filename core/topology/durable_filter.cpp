// Remembers the ids of what is kept, so that removals and bindings are judged without asking the
// store.
#include "core/topology/durable_filter.h"

#include <variant>

#include "core/base/assert.h"

namespace lepus::core {

bool DurableFilter::admit(const TopologyChange& change) {
  return std::visit([this](const auto& what) { return admits(what); }, change);
}

bool DurableFilter::admits(const VhostAdded& change) {
  CHECK(change.id);
  return vhosts_.insert(change.id).second;
}

bool DurableFilter::admits(const VhostRemoved& change) { return vhosts_.erase(change.id) > 0; }

bool DurableFilter::admits(const ExchangeAdded& change) {
  CHECK(change.exchange.id);
  if (!change.exchange.durable) return false;
  CHECK(vhosts_.contains(change.exchange.vhost));
  return exchanges_.insert(change.exchange.id).second;
}

bool DurableFilter::admits(const ExchangeRemoved& change) {
  return exchanges_.erase(change.id) > 0;
}

/// A queue that is kept already has got another home.
bool DurableFilter::admits(const QueueAdded& change) {
  CHECK(change.queue.id);
  if (!change.queue.durable || change.queue.exclusive) return false;
  CHECK(vhosts_.contains(change.queue.vhost));
  queues_.insert(change.queue.id);
  return true;
}

bool DurableFilter::admits(const QueueRemoved& change) { return queues_.erase(change.id) > 0; }

bool DurableFilter::admits(const BindingAdded& change) const { return keeps_ends(change.binding); }

bool DurableFilter::admits(const BindingRemoved& change) const {
  return keeps_ends(change.binding);
}

bool DurableFilter::keeps_ends(const BindingSpec& binding) const {
  CHECK(binding.source);
  CHECK(static_cast<bool>(binding.queue) != static_cast<bool>(binding.exchange));
  if (!exchanges_.contains(binding.source)) return false;
  return binding.queue ? queues_.contains(binding.queue) : exchanges_.contains(binding.exchange);
}

}  // namespace lepus::core
