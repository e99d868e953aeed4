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

using persist::KeptDefinitions;
using persist::KeptKind;
using persist::KeptRow;

void count_kind(const KeptDefinitions& kept, KeptKind kind, std::vector<std::string>& out) {
  const std::size_t count = kept.of(kind).size();
  if (count > 0)
    out.push_back(fmt::format("{} {} are stored and exported again, but not applied yet", count,
                              persist::kept_table(kind).title));
}

/// Operator policies and limits of virtual hosts come as parameters, too: those are applied.
void count_parameters(const KeptDefinitions& kept, std::vector<std::string>& out) {
  const auto& rows = kept.of(KeptKind::parameters);
  const auto count = std::count_if(rows.begin(), rows.end(), [](const KeptRow& row) {
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

std::vector<std::string> definition_warnings(const KeptDefinitions& kept) {
  std::vector<std::string> out;
  count_parameters(kept, out);
  count_kind(kept, KeptKind::global_parameters, out);
  return out;
}

}  // namespace lepus::server
