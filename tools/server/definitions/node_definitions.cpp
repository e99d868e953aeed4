// See node_definitions.h.
#include "tools/server/definitions/node_definitions.h"

#include <cstdint>
#include <random>
#include <utility>

#include "tools/server/definitions/definitions_live.h"
#include "tools/server/definitions/definitions_store.h"
#include "tools/server/definitions/definitions_warnings.h"
#include "tools/server/definitions/definitions_write.h"

namespace lepus::server {

std::string NodeDefinitions::write(std::string& text) const {
  persist::StoredDefinitions stored_rows;
  if (std::string error = persist::read_catalog_rows(catalog_path(parts_.config), stored_rows);
      !error.empty())
    return error;
  const core::StoredDefinitions stored =
      snapshot_definitions(parts_.control.topology(), /*with_exclusive=*/false);
  return write_definitions(
      {stored, stored_rows, parts_.config.product_name, parts_.config.product_version}, text);
}

AdminHost::Imported NodeDefinitions::import(const std::string& text, const std::string& vhost,
                                            const core::ChannelRef& who) {
  Definitions definitions;
  Findings findings{parts_.config.on_unsupported};
  persist::StoredDefinitions stored_rows;
  if (std::string error = persist::read_catalog_rows(catalog_path(parts_.config), stored_rows);
      !error.empty())
    return {std::move(error), false};
  parse_definitions({"definitions", text}, {vhost, !vhost.empty()}, definitions, findings);
  Control& control = parts_.control;
  std::random_device device;
  const std::uint64_t seed = std::uint64_t{device()} << 32 | device();
  LivePlan plan = plan_live_import({control.topology(), control.last_id(), stored_rows, definitions,
                                    parts_.config.vhosts, parts_.config.default_queue_type, seed},
                                   findings);
  if (!findings.ok()) return {findings.error(), false};
  if (!plan.rows.empty())
    control.store().record([&catalog = parts_.catalog, rows = plan.rows] {
      for (const auto& [kind, row] : rows) catalog.upsert(kind, row);
    });
  for (const core::TopologyChange& change : plan.removals) control.store().record(change);
  parts_.log.write(core::LogLevel::info, core::LogCategory::general, "definitions imported",
                   {{"file", "by the operator"},
                    {"changes", plan.changes.size()},
                    {"users_and_others", plan.rows.size()}});
  log_warnings(findings.warnings(), parts_.log);
  if (plan.changes.empty()) return {{}, true, findings.warnings()};
  control.apply_plan(std::move(plan.changes), plan.last_id, who);
  return {{}, false, findings.warnings()};
}

}  // namespace lepus::server
