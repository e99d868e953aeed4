// Counts lost bindings per source instead of changing anything: the topology stays as it is until
// the changes are applied. A binding has one destination and each destination goes once, so no
// binding is counted twice.
#include "core/topology/auto_delete.h"

#include "core/base/assert.h"

namespace lepus::core {

void AutoDeleteCascade::remove_queue(const QueueInfo& queue) {
  CHECK(queue.id);
  changes_.push_back(QueueRemoved{queue.id});
  queue.bindings.for_each([this](const Binding& binding) { lose_binding(binding); });
}

void AutoDeleteCascade::remove_exchange(const ExchangeInfo& exchange) {
  CHECK(exchange.id);
  CHECK(!lost_.contains(&exchange));
  lost_[&exchange] = exchange.bindings_out.size() + 1;  // More than it has: not deleted twice.
  deleted_.push_back(&exchange);
}

void AutoDeleteCascade::remove_binding(const Binding& binding) {
  changes_.push_back(BindingRemoved{spec_of(binding)});
  lose_binding(binding);
}

void AutoDeleteCascade::finish() {
  for (std::size_t i = 0; i < deleted_.size(); ++i) {
    const ExchangeInfo& exchange = *deleted_[i];
    if (exchange.store != nullptr) changes_.push_back(QueueRemoved{exchange.store->id});
    changes_.push_back(ExchangeRemoved{exchange.id});
    exchange.bindings_in.for_each([this](const Binding& binding) { lose_binding(binding); });
  }
  deleted_.clear();
}

void AutoDeleteCascade::lose_binding(const Binding& binding) {
  CHECK(binding.source != nullptr);
  const ExchangeInfo& source = *binding.source;
  CHECK(!source.bindings_out.empty());
  if (!source.auto_delete) return;
  std::size_t& lost = lost_[&source];
  if (++lost == source.bindings_out.size()) deleted_.push_back(&source);
}

}  // namespace lepus::core
