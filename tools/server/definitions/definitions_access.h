// The catalog's rows of users, permissions, settings and limits as changes of the topology. What is
// not about anybody (permissions of a user or virtual host that is gone) must not come to life when
// the name is used again: it is removed.
#pragma once

#include <string>
#include <vector>

#include "core/topology/topology_change.h"
#include "persist/catalog/definition_rows.h"

namespace lepus::server {

struct AccessLoad {
  std::vector<core::TopologyChange> changes;   ///< To be applied; they are in the catalog.
  std::vector<core::TopologyChange> removals;  ///< To be recorded only.
  std::vector<std::string> warnings;
  std::string error;  ///< Not empty: a row is damaged.
};

/// `stored`: with the virtual hosts.
AccessLoad load_access(const persist::StoredDefinitions& stored_rows,
                       const std::vector<core::TopologyChange>& stored);

}  // namespace lepus::server
