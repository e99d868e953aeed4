// See node_definitions.h.
#include "tools/server/definitions/node_definitions.h"

#include <cstdint>
#include <random>
#include <utility>
#include <vector>

#include "tools/server/definitions/cluster_name.h"
#include "tools/server/definitions/definitions_live.h"
#include "tools/server/definitions/definitions_store.h"
#include "tools/server/definitions/definitions_write.h"

namespace lepus::server {

namespace {

/// What the file says, what the catalog holds, and what the configuration says of both.
class ImportPlanner final : public TopologyPlanner {
 public:
  ImportPlanner(persist::Catalog& catalog, const ServerConfig& config, bool skips_invalid)
      : catalog_(catalog),
        vhosts_(config.vhosts),
        default_queue_type_(config.default_queue_type),
        findings_(skips_invalid ? OnUnsupported::skip : config.import_rules.on_unsupported) {
    std::random_device device;
    seed_ = std::uint64_t{device()} << 32 | device();
  }

  /// Empty, or what is wrong.
  std::string read(const ServerConfig& config, const NodeDefinitions::ImportText& input) {
    if (std::string error = persist::read_catalog_rows(catalog_path(config), stored_rows_);
        !error.empty())
      return error;
    parse_definitions({"definitions", input.text}, {input.vhost, !input.vhost.empty()},
                      definitions_, findings_);
    check_passwords(config.auth.passwords, definitions_, findings_);
    return {};
  }

  TopologyPlan plan(const core::Topology& topology, std::uint64_t last_id) override {
    Definitions definitions = definitions_;
    Findings findings = findings_;
    LivePlan live = plan_live_import(
        {topology, last_id, stored_rows_, definitions, vhosts_, default_queue_type_, seed_},
        findings);
    TopologyPlan plan;
    if (!findings.ok()) {
      plan.outcome.error = findings.error();
      return plan;
    }
    plan.outcome.warnings = findings.warnings();
    plan.outcome.change_count = live.changes.size();
    plan.outcome.row_count = live.rows.size();
    plan.changes = std::move(live.changes);
    plan.last_id = live.last_id;
    plan.removals = std::move(live.removals);
    if (!live.rows.empty())
      plan.write = [&catalog = catalog_, rows = std::move(live.rows)] {
        for (const auto& [kind, row] : rows) catalog.upsert(kind, row);
      };
    return plan;
  }

 private:
  persist::Catalog& catalog_;
  std::vector<std::string> vhosts_;
  std::string default_queue_type_;
  std::uint64_t seed_ = 0;
  persist::StoredDefinitions stored_rows_;
  Definitions definitions_;
  Findings findings_;
};

}  // namespace

std::string NodeDefinitions::write(const ServerConfig& config, const core::Topology& topology,
                                   std::string& text) {
  persist::StoredDefinitions stored_rows;
  if (std::string error = persist::read_catalog_rows(catalog_path(config), stored_rows);
      !error.empty())
    return error;
  const core::StoredDefinitions stored = snapshot_definitions(topology, /*with_exclusive=*/false);
  return write_definitions({stored, stored_rows, config.product_name, config.product_version,
                            cluster_name_with(config, stored_rows)},
                           text);
}

NodeDefinitions::Import NodeDefinitions::read(const ServerConfig& config, const ImportText& input) {
  auto planner = std::make_unique<ImportPlanner>(catalog_, config, input.skips_invalid);
  if (std::string error = planner->read(config, input); !error.empty()) return {std::move(error)};
  return {{}, std::move(planner)};
}

}  // namespace lepus::server
