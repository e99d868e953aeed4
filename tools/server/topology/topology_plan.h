// Many changes of the topology at once, as a definitions file brings them. What of a file has to
// change depends on what there is, and takes long to find out, so it is planned by the admin thread
// with its replica. The control thread carries a plan out if nothing was decided since; otherwise
// it tells the base for the next one. When clients change too much for that it makes the plan.
//
//   admin thread                                     control thread
//   PlanRequest{}                               ->   PlanOutcome{base}
//   plan(replica), once it is at base           ->   nothing was decided since: PlanOutcome
//                                                    else: PlanOutcome{base}, once more
//   PlanRequest{planner} after some tries       ->   plan(master): PlanOutcome
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "core/topology/topology.h"
#include "core/topology/topology_change.h"

namespace lepus::server {

/// What a plan is made for: the same as long as the control thread decides nothing.
struct PlanBase {
  std::uint64_t version = 0;  ///< Of the topology, with all that was decided.
  std::uint64_t last_id = 0;  ///< That was given out.
  bool operator==(const PlanBase&) const = default;
};

/// What is told to whoever wanted the changes.
struct PlanOutcome {
  std::optional<PlanBase> base = {};  ///< Nothing is done: the plan is to be made for this.
  std::string error = {};             ///< Not empty: what is wrong; nothing is done.
  bool is_unavailable = false;        ///< The broker stops: nothing is wrong with what was wanted.
  bool is_done = false;  ///< Else the changes are under way, and a TopologyDone follows.
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

/// Owns what it carries, so it may go from one thread to the other.
class TopologyPlanner {
 public:
  TopologyPlanner() = default;
  TopologyPlanner(const TopologyPlanner&) = delete;
  TopologyPlanner& operator=(const TopologyPlanner&) = delete;
  virtual ~TopologyPlanner() = default;

  /// `last_id` is the last id that was given out. Blocks for nothing. Any number of times.
  virtual TopologyPlan plan(const core::Topology& topology, std::uint64_t last_id) = 0;
};

/// Of the admin thread. With a planner it is made by the control thread; else it is made for
/// `base`, and is to be made when there is none.
struct PlanRequest {
  std::optional<PlanBase> base = {};
  TopologyPlan plan = {};
  std::unique_ptr<TopologyPlanner> planner = nullptr;
};

}  // namespace lepus::server
