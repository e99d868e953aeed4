// Counting what is kept and not applied, by kind.
#include "tools/server/definitions/definitions_warnings.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstddef>
#include <map>
#include <string_view>

#include "core/limits.h"
#include "persist/catalog/access_rows.h"
#include "tools/server/definitions/policy_text.h"
#include "tools/server/shovels/shovel_definition.h"

namespace lepus::server {

namespace {

using persist::DefinitionKind;
using persist::DefinitionRow;
using persist::StoredDefinitions;

constexpr std::size_t components_max = 20;  ///< That are named one by one.

/// Shovels run as soon as they are there, also when they still run where the file comes from.
void describe_shovels(const StoredDefinitions& stored_rows, std::vector<std::string>& out) {
  std::size_t count = 0;
  std::size_t wrong_count = 0;
  for (const DefinitionRow& row : stored_rows.of(DefinitionKind::parameters)) {
    if (row.values[0] != shovel_component) continue;
    ShovelDefinition unused;
    const std::string fault = read_shovel(row.values[3], unused);
    count += fault.empty() ? 1 : 0;
    if (fault.empty() || ++wrong_count > components_max) continue;
    out.push_back(fmt::format("shovel '{}' of virtual host '{}' will not run: {}", row.values[2],
                              row.values[1], fault));
  }
  if (count > 0)
    out.push_back(
        fmt::format("{} shovels will run here: delete them where they should not", count));
  if (wrong_count > components_max)
    out.push_back(fmt::format("and {} more shovels will not run", wrong_count - components_max));
}

/// By component. Operator policies and limits of virtual hosts come as parameters, too: those are
/// applied.
void count_parameters(const StoredDefinitions& stored_rows, std::vector<std::string>& out) {
  std::map<std::string_view, std::size_t> counts;
  for (const DefinitionRow& row : stored_rows.of(DefinitionKind::parameters))
    if (!is_operator_policy(row) && !persist::is_vhost_limits(row) &&
        row.values[0] != shovel_component)
      ++counts[row.values[0]];
  std::size_t listed = 0;
  for (const auto& [component, count] : counts) {
    if (++listed > components_max) break;
    out.push_back(fmt::format(
        "{} parameters of the component '{}' are stored and exported again, but nothing "
        "follows them: that plugin is not there",
        count, component));
  }
  if (counts.size() > components_max)
    out.push_back(
        fmt::format("and parameters of {} more components", counts.size() - components_max));
}

/// The cluster's name and the hash of a file that was imported are followed; the identity of a
/// cluster is nothing that could be.
void count_global_parameters(const StoredDefinitions& stored_rows, std::vector<std::string>& out) {
  const auto& rows = stored_rows.of(DefinitionKind::global_parameters);
  const auto count = std::count_if(rows.begin(), rows.end(), [](const DefinitionRow& row) {
    return row.values[0] != core::cluster_name_parameter &&
           row.values[0] != "internal_cluster_id" &&
           row.values[0] != core::definitions_hash_parameter;
  });
  if (count > 0)
    out.push_back(fmt::format(
        "{} global parameters are stored and exported again, but nothing follows them", count));
}

}  // namespace

void log_warnings(const std::vector<std::string>& warnings, core::Log& log) {
  const std::size_t in_line = (warnings.size() + core::limits::definition_log_lines_max - 1) /
                              core::limits::definition_log_lines_max;
  for (std::size_t begin = 0; begin < warnings.size(); begin += in_line) {
    const auto first = warnings.begin() + static_cast<std::ptrdiff_t>(begin);
    const std::size_t count = std::min(in_line, warnings.size() - begin);
    const auto last = first + static_cast<std::ptrdiff_t>(count);
    log.write(core::LogLevel::warning, core::LogCategory::general, "definitions",
              {{"text", fmt::format("{}", fmt::join(first, last, " | "))}});
  }
}

std::vector<std::string> definition_warnings(const StoredDefinitions& stored_rows) {
  std::vector<std::string> out;
  describe_shovels(stored_rows, out);
  count_parameters(stored_rows, out);
  count_global_parameters(stored_rows, out);
  return out;
}

}  // namespace lepus::server
