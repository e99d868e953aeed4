// What the catalog holds, as changes: virtual hosts, exchanges, queues, bindings. The file may have
// been damaged, or edited by hand: whatever Topology::apply() would not accept is an error here.
#pragma once

#include <string>
#include <vector>

#include "core/topology/topology_change.h"
#include "persist/catalog/sqlite.h"

namespace lepus::persist {

/// Empty, or what is wrong with the file.
[[nodiscard]] std::string load_definitions(Database& database,
                                           std::vector<core::TopologyChange>& changes);

}  // namespace lepus::persist
