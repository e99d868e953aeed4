// Keeps the key table free of empty lists, so its size follows the bindings that exist.
#include "core/exchange/direct.h"

namespace lepus::core {

void DirectRouter::add(Binding& binding) { keys_[binding.key].add(binding, &Binding::slot_router); }

void DirectRouter::remove(Binding& binding) {
  const auto found = keys_.find(std::string_view{binding.key});
  CHECK(found != keys_.end());
  CHECK(!found->second.empty());
  found->second.remove(binding, &Binding::slot_router);
  if (found->second.empty()) keys_.erase(found);
}

}  // namespace lepus::core
