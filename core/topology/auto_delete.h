// What else is deleted when something is removed: an auto-delete exchange is deleted with its last
// binding as a source, and with it the bindings that lead to it, which may have been the last ones
// of other exchanges. A cycle of exchanges ends because each is deleted once.
//
//   queue q removed:   x(auto-delete) --> q     x is deleted with its last binding
//                      y(auto-delete) --> x     so y is deleted, too
#pragma once

#include <cstddef>
#include <vector>

#include <boost/unordered/unordered_flat_map.hpp>

#include "core/topology/topology.h"
#include "core/topology/topology_change.h"

namespace lepus::core {

class AutoDeleteCascade {
 public:
  explicit AutoDeleteCascade(std::vector<TopologyChange>& changes) : changes_(changes) {}

  /// Each call appends its change; finish() appends the deletions that follow from all of them.
  void remove_queue(const QueueInfo& queue);
  void remove_exchange(const ExchangeInfo& exchange);
  void remove_binding(const Binding& binding);
  void finish();

 private:
  void lose_binding(const Binding& binding);

  std::vector<TopologyChange>& changes_;
  /// Bindings that auto-delete sources lose; an exchange that is deleted has lost them all.
  boost::unordered_flat_map<const ExchangeInfo*, std::size_t> lost_;
  std::vector<const ExchangeInfo*> deleted_;
};

}  // namespace lepus::core
