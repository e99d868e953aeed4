// See node_definitions.h.
#include "tools/server/node_definitions.h"

#include <utility>

#include "tools/server/definitions_live.h"
#include "tools/server/definitions_write.h"

namespace lepus::server {

std::string NodeDefinitions::write(std::string& text) const {
  persist::KeptDefinitions kept;
  if (std::string error = parts_.catalog.load_kept(kept); !error.empty()) return error;
  const core::StoredDefinitions stored =
      snapshot_definitions(parts_.control.topology(), /*with_exclusive=*/false);
  return write_definitions(
      {stored, kept, parts_.config.product_name, parts_.config.product_version}, text);
}

AdminHost::Imported NodeDefinitions::import(const std::string& text, const core::ChannelRef& who) {
  Definitions definitions;
  persist::KeptDefinitions kept;
  std::string error = parse_definitions("definitions", text, definitions);
  if (error.empty()) error = parts_.catalog.load_kept(kept);
  if (!error.empty()) return {std::move(error), false};
  Control& control = parts_.control;
  LivePlan plan = plan_live_import(
      {control.topology(), control.last_id(), kept, definitions, parts_.config.vhosts});
  if (!plan.error.empty()) return {std::move(plan.error), false};
  for (const auto& [kind, row] : plan.rows) parts_.catalog.keep(kind, row);
  for (const core::TopologyChange& change : plan.removals) parts_.catalog.record(change);
  parts_.log.write(core::LogLevel::info, core::LogCategory::general, "definitions imported",
                   {{"file", "by the operator"},
                    {"changes", plan.changes.size()},
                    {"users_and_others", plan.rows.size()}});
  for (const std::string& warning : plan.warnings)
    parts_.log.write(core::LogLevel::warning, core::LogCategory::general, "definitions",
                     {{"text", warning}});
  if (plan.changes.empty()) return {{}, true};
  control.apply_plan(std::move(plan.changes), plan.last_id, who);
  return {{}, false};
}

}  // namespace lepus::server
