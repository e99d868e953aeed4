// Any text as a definitions file, taken all the way to a topology as an import does. What must
// hold: nothing of it reaches a CHECK; what was imported is there already when it is imported
// again; what is exported can be imported, and is exported the same again.
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/base/assert.h"
#include "core/topology/topology.h"
#include "tools/server/definitions/definitions_access.h"
#include "tools/server/definitions/definitions_import.h"
#include "tools/server/definitions/definitions_live.h"
#include "tools/server/definitions/definitions_store.h"
#include "tools/server/definitions/definitions_warnings.h"
#include "tools/server/definitions/definitions_write.h"

namespace lepus::server {
namespace {

constexpr core::ShardId shard_count = 3;
const std::vector<std::string> vhosts = {"/"};
const std::string default_type;

/// What a broker has after it started with the text.
struct World {
  core::StoredDefinitions stored;
  persist::StoredDefinitions stored_rows;
  std::vector<core::TopologyChange> access;
};

World start(std::string_view text, const DefinitionsScope& scope, Findings& findings) {
  World world;
  Definitions definitions;
  core::Random random{1};
  parse_definitions({"definitions", text}, scope, definitions, findings);
  check_rows(vhosts_with(world.stored, definitions, vhosts), definitions, findings);
  (void)merge_rows(definitions, random, world.stored_rows);
  ImportPlan plan = plan_import(
      world.stored, {definitions, vhosts, world.stored_rows, default_type, shard_count}, findings);
  world.stored = {std::move(plan.changes), plan.last_id};
  AccessLoad access = load_access(world.stored_rows, world.stored.changes);
  for (const std::string& warning : access.warnings) findings.warn(warning);
  for (const std::string& warning : definition_warnings(world.stored_rows)) findings.warn(warning);
  CHECK(access.error.empty());
  world.access = std::move(access.changes);
  return world;
}

void apply(const World& world, core::Topology& topology) {
  std::vector<core::TopologyChange> all = world.stored.changes;
  all.insert(all.end(), world.access.begin(), world.access.end());
  order_for_start(all);
  for (const core::TopologyChange& change : all) topology.apply(change);
}

std::string exported(const World& world) {
  std::string text;
  const std::string error =
      write_definitions({world.stored, world.stored_rows, "Lepus", "1"}, text);
  CHECK(error.empty());
  return text;
}

void expect_nothing_to_do(const World& world, const core::Topology& topology,
                          std::string_view text) {
  Definitions definitions;
  Findings findings;
  parse_definitions({"definitions", text}, {"/", false}, definitions, findings);
  const LivePlan plan = plan_live_import(
      {topology, world.stored.last_id, world.stored_rows, definitions, vhosts, default_type, 1},
      findings);
  CHECK(findings.ok());
  CHECK(plan.changes.empty());
}

void run(std::string_view text) {
  Findings skipping{OnUnsupported::skip};
  const World some = start(text, {"v", true}, skipping);
  core::Topology partly{shard_count};
  apply(some, partly);
  CHECK(skipping.warnings().size() < 500);

  Findings findings;
  const World world = start(text, {"/", false}, findings);
  core::Topology topology{shard_count};
  apply(world, topology);
  CHECK(findings.ok() == findings.error().empty());
  if (!findings.ok()) return;
  expect_nothing_to_do(world, topology, text);
  const std::string first = exported(world);
  Findings again;
  const World second = start(first, {}, again);
  CHECK(again.ok());
  CHECK(exported(second) == first);
}

}  // namespace
}  // namespace lepus::server

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size <= 16'384) lepus::server::run({reinterpret_cast<const char*>(data), size});
  return 0;
}
