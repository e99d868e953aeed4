// Counting what is kept and not applied, by kind.
#include "tools/server/definitions/definitions_warnings.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstddef>

#include "core/limits.h"
#include "persist/catalog/access_rows.h"
#include "tools/server/definitions/policy_text.h"

namespace lepus::server {

namespace {

using persist::DefinitionKind;
using persist::DefinitionRow;
using persist::StoredDefinitions;

void count_kind(const StoredDefinitions& stored_rows, DefinitionKind kind,
                std::vector<std::string>& out) {
  const std::size_t count = stored_rows.of(kind).size();
  if (count > 0)
    out.push_back(fmt::format("{} {} are stored and exported again, but not applied yet", count,
                              persist::definition_table(kind).title));
}

/// Operator policies and limits of virtual hosts come as parameters, too: those are applied.
void count_parameters(const StoredDefinitions& stored_rows, std::vector<std::string>& out) {
  const auto& rows = stored_rows.of(DefinitionKind::parameters);
  const auto count = std::count_if(rows.begin(), rows.end(), [](const DefinitionRow& row) {
    return !is_operator_policy(row) && !persist::is_vhost_limits(row);
  });
  if (count > 0)
    out.push_back(fmt::format(
        "{} parameters (shovels, federation) are stored and exported again, but not applied yet",
        count));
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
  count_parameters(stored_rows, out);
  count_kind(stored_rows, DefinitionKind::global_parameters, out);
  return out;
}

}  // namespace lepus::server
