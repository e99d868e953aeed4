// See definitions_check.h.
#include "tools/server/definitions/definitions_check.h"

#include <fmt/format.h>

#include <algorithm>
#include <limits>

#include "tools/server/definitions/definitions_access.h"
#include "tools/server/definitions/definitions_import.h"
#include "tools/server/definitions/definitions_store.h"
#include "tools/server/definitions/definitions_warnings.h"

namespace lepus::server {

namespace {

/// Nobody knows how many shards the broker will have.
constexpr core::ShardId shard_count_max = std::numeric_limits<std::uint8_t>::max();

std::string summary_of(const Definitions& definitions) {
  const auto count = [&](persist::DefinitionKind kind) {
    return std::count_if(definitions.rows.begin(), definitions.rows.end(),
                         [kind](const DefinedRow& row) { return row.kind == kind; });
  };
  return fmt::format(
      "{} virtual hosts, {} users, {} permissions, {} policies, {} exchanges, {} queues, "
      "{} bindings",
      definitions.vhosts.size(), count(persist::DefinitionKind::users),
      count(persist::DefinitionKind::permissions) +
          count(persist::DefinitionKind::topic_permissions),
      count(persist::DefinitionKind::policies), definitions.exchanges.size(),
      definitions.queues.size(), definitions.bindings.size());
}

}  // namespace

DefinitionsCheck check_definitions(const ServerConfig& config, const std::string& path) {
  Definitions definitions;
  Findings findings{config.import_rules.on_unsupported};
  persist::StoredDefinitions stored_rows;
  core::Random random{1};
  core::StoredDefinitions stored;
  read_definitions(path, start_scope(config), definitions, findings);
  check_rows(vhosts_with(stored, definitions, config.vhosts), definitions, findings);
  check_passwords(config.auth.passwords, definitions, findings);
  (void)merge_rows(definitions, random, stored_rows);
  const core::ShardId shards = config.shards == 0 ? shard_count_max : config.shards;
  ImportPlan plan = plan_import(
      stored, {definitions, config.vhosts, stored_rows, config.default_queue_type, shards},
      findings);
  const AccessLoad access = load_access(stored_rows, plan.changes);
  if (!access.error.empty()) findings.fail(access.error);
  for (const std::string& text : access.warnings) findings.warn(text);
  for (const std::string& text : definition_warnings(stored_rows)) findings.warn(text);
  return {findings.problems(), findings.warnings(), summary_of(definitions)};
}

}  // namespace lepus::server
