// What falls when something is removed: an auto-delete exchange goes with its last binding as a
// source, and takes the bindings that lead to it along, which may have been the last ones of
// others. Cycles end because each falls once.
//
//   queue q removed:   x(auto-delete) --> q          x falls
//                      y(auto-delete) --> x          so y falls too
#pragma once

#include <cstddef>
#include <vector>

#include <boost/unordered/unordered_flat_map.hpp>

#include "core/topology/topology.h"
#include "core/topology/topology_change.h"

namespace lepus::core {

class Fall {
 public:
  explicit Fall(std::vector<TopologyChange>& changes) : changes_(changes) {}

  /// Each call appends its change; finish() appends the exchanges that fall with all of them.
  void remove_queue(const QueueInfo& queue);
  void remove_exchange(const ExchangeInfo& exchange);
  void remove_binding(const Binding& binding);
  void finish();

 private:
  void lose(const Binding& binding);

  std::vector<TopologyChange>& changes_;
  /// Bindings that auto-delete sources lose; a fallen exchange has lost them all.
  boost::unordered_flat_map<const ExchangeInfo*, std::size_t> lost_;
  std::vector<const ExchangeInfo*> falling_;
};

}  // namespace lepus::core
