// Fanout exchange: every binding matches, in the order they were made. Keys and arguments only tell
// bindings apart.
#pragma once

#include "core/topology/binding.h"

namespace lepus::core {

class FanoutRouter {
 public:
  void add(Binding& binding) { bindings_.add(binding, &Binding::slot_router); }
  void remove(Binding& binding) { bindings_.remove(binding, &Binding::slot_router); }

  /// Calls visit(const Binding&) for each binding, oldest first.
  template <class Visit>
  void match(Visit&& visit) const {
    bindings_.for_each(visit);
  }

 private:
  BindingList bindings_;
};

}  // namespace lepus::core
