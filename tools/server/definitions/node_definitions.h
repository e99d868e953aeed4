// Definitions of a broker that runs, out and in, as its operator asks for them: JSON, and what the
// catalog holds. Admin thread; the planner that an import becomes does its work on the control
// thread.
#pragma once

#include <memory>
#include <string>

#include "core/topology/topology.h"
#include "persist/catalog/catalog.h"
#include "tools/server/config/config.h"
#include "tools/server/topology/topology_plan.h"

namespace lepus::server {

class NodeDefinitions {
 public:
  /// `catalog`: the store of the control thread, which uses it on a thread of its own. Outlives
  /// this and the planners.
  explicit NodeDefinitions(persist::Catalog& catalog) : catalog_(catalog) {}

  /// Empty, or what JSON cannot hold. `topology`: what there is.
  [[nodiscard]] static std::string write(const ServerConfig& config, const core::Topology& topology,
                                         std::string& text);

  struct Import {
    std::string error;  ///< Not empty: what is wrong with it.
    std::unique_ptr<TopologyPlanner> planner = nullptr;
  };
  struct ImportText {
    const std::string& text;
    const std::string& vhost;  ///< Of a file of a single virtual host; empty: it is of all.
    /// What cannot be taken is left out, whatever load_definitions.on_unsupported says.
    bool skips_invalid = false;
  };
  /// As at start: all of it or nothing, by the same rules. From this call until the planner has
  /// planned, nobody changes what the catalog holds beside the topology.
  Import read(const ServerConfig& config, const ImportText& input);

 private:
  persist::Catalog& catalog_;
};

}  // namespace lepus::server
