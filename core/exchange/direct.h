// Direct exchange: a binding matches when its key equals the routing key. One table from key to
// bindings.
#pragma once

#include <string>
#include <string_view>

#include <boost/unordered/unordered_flat_map.hpp>

#include "core/exchange/text_hash.h"
#include "core/topology/binding.h"

namespace lepus::core {

class DirectRouter {
 public:
  void add(Binding& binding);
  void remove(Binding& binding);

  /// Calls visit(const Binding&) for each match, oldest binding first.
  template <class Visit>
  void match(std::string_view key, Visit&& visit) const {
    const auto found = keys_.find(key);
    if (found != keys_.end()) found->second.for_each(visit);
  }

 private:
  boost::unordered_flat_map<std::string, BindingList, TextHash, std::equal_to<>> keys_;
};

}  // namespace lepus::core
