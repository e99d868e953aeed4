// Counting, and finding one example of a restriction.
#include "tools/server/definitions_warnings.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstddef>
#include <set>
#include <utility>

namespace lepus::server {

namespace {

using persist::KeptDefinitions;
using persist::KeptKind;
using persist::KeptRow;

constexpr std::string_view everything = ".*";

void count_kind(const KeptDefinitions& kept, KeptKind kind, std::vector<std::string>& out) {
  const std::size_t count = kept.of(kind).size();
  if (count > 0)
    out.push_back(fmt::format("{} {} are stored and exported again, but not applied yet", count,
                              persist::kept_table(kind).title));
}

/// Operator policies come as parameters; limits are no kind of their own either.
void count_parameters(const KeptDefinitions& kept, std::vector<std::string>& out) {
  const auto& rows = kept.of(KeptKind::parameters);
  const auto operator_count =
      static_cast<std::size_t>(std::count_if(rows.begin(), rows.end(), [](const KeptRow& row) {
        return row.values.front() == "operator_policy";
      }));
  if (operator_count > 0)
    out.push_back(fmt::format(
        "{} operator policies are stored and exported again, but not applied yet", operator_count));
  if (rows.size() > operator_count)
    out.push_back(
        fmt::format("{} parameters (limits of virtual hosts, shovels, federation) are "
                    "stored and exported again, but not applied yet",
                    rows.size() - operator_count));
}

void count_user_limits(const KeptDefinitions& kept, std::vector<std::string>& out) {
  const auto& rows = kept.of(KeptKind::users);
  const auto limited = std::count_if(rows.begin(), rows.end(), [](const KeptRow& row) {
    const std::string& limits = row.values[persist::user_limits];
    return limits != "{}" && limits != "[]";
  });
  if (limited > 0)
    out.push_back(fmt::format(
        "limits of {} users are stored and exported again, but not applied yet", limited));
}

/// The first thing that somebody may do here and could not do in RabbitMQ; empty: nothing.
std::string find_restriction(const KeptDefinitions& kept, const std::vector<std::string>& vhosts) {
  std::set<std::pair<std::string, std::string>> allowed;
  for (const KeptRow& row : kept.of(KeptKind::permissions)) {
    const auto restricts = [](const std::string& pattern) { return pattern != everything; };
    if (std::any_of(row.values.begin() + 2, row.values.end(), restricts))
      return fmt::format("user '{}' has configure '{}', write '{}', read '{}' in vhost '{}'",
                         row.values[0], row.values[2], row.values[3], row.values[4], row.values[1]);
    allowed.emplace(row.values[0], row.values[1]);
  }
  for (const KeptRow& row : kept.of(KeptKind::topic_permissions)) {
    if (row.values[3] != everything || row.values[4] != everything)
      return fmt::format("user '{}' has topic permissions in vhost '{}'", row.values[0],
                         row.values[1]);
  }
  for (const KeptRow& user : kept.of(KeptKind::users))
    for (const std::string& vhost : vhosts)
      if (!allowed.contains({user.values[persist::user_name], vhost}))
        return fmt::format("user '{}' has no permissions in vhost '{}'",
                           user.values[persist::user_name], vhost);
  return {};
}

}  // namespace

std::vector<std::string> definition_warnings(const KeptDefinitions& kept,
                                             const std::vector<std::string>& vhosts) {
  std::vector<std::string> out;
  if (const std::string example = find_restriction(kept, vhosts); !example.empty())
    out.push_back(fmt::format(
        "ACCESS IS NOT RESTRICTED: the imported permissions would restrict users, but this version "
        "does not apply permissions: every user may do everything in every virtual host ({}, for "
        "example)",
        example));
  count_kind(kept, KeptKind::permissions, out);
  count_kind(kept, KeptKind::topic_permissions, out);
  count_kind(kept, KeptKind::policies, out);
  count_parameters(kept, out);
  count_kind(kept, KeptKind::global_parameters, out);
  count_kind(kept, KeptKind::vhost_properties, out);
  count_user_limits(kept, out);
  return out;
}

}  // namespace lepus::server
