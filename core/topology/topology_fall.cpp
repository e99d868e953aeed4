// Counts lost bindings per source instead of changing anything: the topology stays as it is until
// the changes are applied. A binding has one destination and each destination goes once, so no
// binding is counted twice.
#include "core/topology/topology_fall.h"

#include "core/base/assert.h"

namespace lepus::core {

void Fall::remove_queue(const QueueInfo& queue) {
  CHECK(queue.id);
  changes_.push_back(QueueRemoved{queue.id});
  queue.bindings.for_each([this](const Binding& binding) { lose(binding); });
}

void Fall::remove_exchange(const ExchangeInfo& exchange) {
  CHECK(exchange.id);
  CHECK(!lost_.contains(&exchange));
  lost_[&exchange] = exchange.bindings_out.size() + 1;  // More than it has: it cannot fall again.
  falling_.push_back(&exchange);
}

void Fall::remove_binding(const Binding& binding) {
  changes_.push_back(BindingRemoved{spec_of(binding)});
  lose(binding);
}

void Fall::finish() {
  for (std::size_t at = 0; at < falling_.size(); ++at) {
    const ExchangeInfo& fallen = *falling_[at];
    if (fallen.store != nullptr) changes_.push_back(QueueRemoved{fallen.store->id});
    changes_.push_back(ExchangeRemoved{fallen.id});
    fallen.bindings_in.for_each([this](const Binding& binding) { lose(binding); });
  }
  falling_.clear();
}

void Fall::lose(const Binding& binding) {
  CHECK(binding.source != nullptr);
  const ExchangeInfo& source = *binding.source;
  CHECK(!source.bindings_out.empty());
  if (!source.auto_delete) return;
  std::size_t& lost = lost_[&source];
  if (++lost == source.bindings_out.size()) falling_.push_back(&source);
}

}  // namespace lepus::core
