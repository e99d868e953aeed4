// Which changes of the topology outlive the process, said once for every DefinitionStore: virtual
// hosts, users and what they may do, durable exchanges (the predeclared ones too), durable queues
// that belong to no connection, and bindings whose both ends are kept.
#pragma once

#include <boost/unordered/unordered_flat_set.hpp>

#include "core/base/ids.h"
#include "core/topology/topology_change.h"

namespace lepus::core {

class DurableFilter {
 public:
  /// True: this change is to be kept. Every change goes through here, in the order in which it was
  /// applied. The removal of what is not kept is none to keep.
  [[nodiscard]] bool admit(const TopologyChange& change);

 private:
  bool admits(const VhostAdded& change);
  bool admits(const VhostRemoved& change);
  bool admits(const ExchangeAdded& change);
  bool admits(const ExchangeRemoved& change);
  bool admits(const QueueAdded& change);
  bool admits(const QueueRemoved& change);
  bool admits(const BindingAdded& change) const;
  bool admits(const BindingRemoved& change) const;
  bool admits(const TracePut&) const { return false; }
  /// Users, permissions, settings, limits, parameters.
  template <class Other>
  bool admits(const Other&) const {
    return true;
  }
  bool keeps_ends(const BindingSpec& binding) const;

  boost::unordered_flat_set<VhostId> vhosts_;
  boost::unordered_flat_set<ExchangeId> exchanges_;
  boost::unordered_flat_set<QueueId> queues_;
};

}  // namespace lepus::core
