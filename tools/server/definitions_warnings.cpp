// Counting what is kept and not applied, by kind.
#include "tools/server/definitions_warnings.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstddef>

#include "core/base/assert.h"
#include "persist/access_rows.h"

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

/// Operator policies come as parameters; so do limits of virtual hosts, which are applied.
void count_parameters(const KeptDefinitions& kept, std::vector<std::string>& out) {
  const auto& rows = kept.of(KeptKind::parameters);
  const auto operator_count =
      static_cast<std::size_t>(std::count_if(rows.begin(), rows.end(), [](const KeptRow& row) {
        return row.values.front() == "operator_policy";
      }));
  if (operator_count > 0)
    out.push_back(fmt::format(
        "{} operator policies are stored and exported again, but not applied yet", operator_count));
  const auto limits_count =
      static_cast<std::size_t>(std::count_if(rows.begin(), rows.end(), persist::is_vhost_limits));
  CHECK(operator_count + limits_count <= rows.size());
  if (rows.size() > operator_count + limits_count)
    out.push_back(fmt::format(
        "{} parameters (shovels, federation) are stored and exported again, but not applied yet",
        rows.size() - operator_count - limits_count));
}

}  // namespace

std::vector<std::string> definition_warnings(const KeptDefinitions& kept) {
  std::vector<std::string> out;
  count_kind(kept, KeptKind::policies, out);
  count_parameters(kept, out);
  count_kind(kept, KeptKind::global_parameters, out);
  return out;
}

}  // namespace lepus::server
