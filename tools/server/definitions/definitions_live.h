// Definitions of a broker that runs: what there is now, and what a file changes about it. The same
// rules as at start (definitions_import.h, definitions_access.h), on the control thread's topology.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "core/topology/topology.h"
#include "tools/server/config/config.h"
#include "tools/server/definitions/definitions.h"

namespace lepus::server {

/// Virtual hosts, exchanges, queues and bindings, as a catalog would say them; also the transient
/// ones. Users and what they may do are not in it.
core::StoredDefinitions snapshot_definitions(const core::Topology& topology, bool with_exclusive);

struct LiveInput {
  const core::Topology& topology;
  std::uint64_t last_id;  ///< That was given out.
  const persist::StoredDefinitions& stored_rows;
  Definitions& definitions;                ///< What is refused leaves it.
  const std::vector<std::string>& vhosts;  ///< Of the configuration.
  const std::string& default_queue_type;   ///< Of the configuration, too.
  std::uint64_t seed;                      ///< For salts of passwords.
};

/// Empty lists: all is there already. Of use when the findings are ok.
struct LivePlan {
  std::vector<core::TopologyChange> changes;  ///< To be applied and recorded.
  std::uint64_t last_id = 0;
  std::vector<std::pair<persist::DefinitionKind, persist::DefinitionRow>> rows;  ///< To be kept.
  std::vector<core::TopologyChange> removals;  ///< To be recorded only.
};
LivePlan plan_live_import(const LiveInput& input, Findings& findings);

}  // namespace lepus::server
