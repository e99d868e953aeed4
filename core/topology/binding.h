// A binding: source exchange -> queue or exchange, with a key and arguments; and the lists that
// hold bindings.
//
// Each binding is in up to four places: the list of its source (bindings_out), of its destination
// (bindings or bindings_in), its router's structure, and the set of all bindings that finds one by
// identity. It remembers its place in each list, so taking it out never searches.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include <boost/unordered/unordered_flat_set.hpp>

#include "core/base/assert.h"
#include "core/base/bytes.h"
#include "core/base/ids.h"
#include "core/exchange/slot_list.h"
#include "core/topology/topology_change.h"

namespace lepus::core {

struct ExchangeInfo;
struct QueueInfo;

struct Binding {
  ExchangeInfo* source = nullptr;
  QueueInfo* queue = nullptr;        ///< Destination: this one
  ExchangeInfo* exchange = nullptr;  ///< or this one, never both.
  std::string key;
  std::string arguments;  ///< Inside of a field table, as received.
  std::uint64_t identity_hash = 0;
  std::uint32_t slot_source = 0;  ///< Places in the lists of source,
  std::uint32_t slot_target = 0;  ///< destination
  std::uint32_t slot_router = 0;  ///< and router.
  std::uint32_t router_node = 0;  ///< Topic: node of the trie. Headers: slot of the pattern.
};

using BindingList = SlotList<Binding>;

/// What makes two bindings one: both ends, the key, and the arguments by value in any order. Views
/// only.
struct BindingIdentity {
  std::uint64_t source;  ///< ExchangeId
  std::uint64_t target;  ///< QueueId or ExchangeId
  bool to_queue;
  std::string_view key;
  std::string_view arguments;
  std::uint64_t hash;  ///< Of all the above.
};
BindingSpec spec_of(const Binding& binding);
BindingIdentity identity_of(const BindingSpec& spec);
BindingIdentity identity_of(const Binding& binding);
bool same_identity(const BindingIdentity& left, const BindingIdentity& right);

struct BindingHash {
  using is_transparent = void;
  using is_avalanching = void;
  std::size_t operator()(const std::unique_ptr<Binding>& binding) const {
    return binding->identity_hash;
  }
  std::size_t operator()(const BindingIdentity& identity) const { return identity.hash; }
  std::size_t operator()(const Binding* binding) const { return binding->identity_hash; }
};
struct BindingEqual {
  using is_transparent = void;
  bool operator()(const std::unique_ptr<Binding>& a, const std::unique_ptr<Binding>& b) const {
    return a == b || same_identity(identity_of(*a), identity_of(*b));
  }
  bool operator()(const std::unique_ptr<Binding>& a, const BindingIdentity& b) const {
    return same_identity(identity_of(*a), b);
  }
  bool operator()(const BindingIdentity& a, const std::unique_ptr<Binding>& b) const {
    return same_identity(a, identity_of(*b));
  }
  bool operator()(const std::unique_ptr<Binding>& a, const Binding* b) const {
    return a.get() == b;
  }
  bool operator()(const Binding* a, const std::unique_ptr<Binding>& b) const {
    return a == b.get();
  }
};
/// Owns all bindings of a topology.
using BindingSet = boost::unordered_flat_set<std::unique_ptr<Binding>, BindingHash, BindingEqual>;

}  // namespace lepus::core
