// Many changes of the topology at once, as a definitions file brings them. What a file says is read
// by whoever has time for it; what of it has to change depends on what there is, so that is decided
// by the control thread, in one call, and nothing comes between the decision and the changes.
//
//   admin thread: TopologyPlanner  ->  control thread: plan(master)  ->  PlanOutcome
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "core/topology/topology.h"
#include "core/topology/topology_change.h"

namespace lepus::server {

/// What is told to whoever wanted the changes.
struct PlanOutcome {
  std::string error = {};       ///< Not empty: what is wrong; nothing is done.
  bool is_unavailable = false;  ///< The broker stops: nothing is wrong with what was wanted.
  bool is_done = false;         ///< Else the changes are under way, and a TopologyDone follows.
  std::vector<std::string> warnings = {};
  std::size_t change_count = 0;
  std::size_t row_count = 0;  ///< Users and others.
};

struct TopologyPlan {
  PlanOutcome outcome = {};                        ///< `is_done` is not the planner's to say.
  std::vector<core::TopologyChange> changes = {};  ///< To be applied and stored.
  std::uint64_t last_id = 0;                       ///< That was given out, with those of `changes`.
  std::vector<core::TopologyChange> removals = {};  ///< To be stored only.
  /// Stores what is no change of the topology, on the store's thread. Null: there is none.
  std::function<void()> write = nullptr;
};

/// Owns what it carries from one thread to the other.
class TopologyPlanner {
 public:
  TopologyPlanner() = default;
  TopologyPlanner(const TopologyPlanner&) = delete;
  TopologyPlanner& operator=(const TopologyPlanner&) = delete;
  virtual ~TopologyPlanner() = default;

  /// Once. `last_id` is the last id that was given out. Blocks for nothing.
  virtual TopologyPlan plan(const core::Topology& topology, std::uint64_t last_id) = 0;
};

}  // namespace lepus::server
