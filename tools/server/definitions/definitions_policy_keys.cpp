// See definitions_policy_keys.h.
#include "tools/server/definitions/definitions_policy_keys.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <vector>

#include "core/message/field_table.h"

namespace lepus::server {

std::string check_policy_keys(const PolicyOfFile& of_file, Findings& findings) {
  using core::PolicyKeyUse;
  std::vector<std::string> faults;
  for (const core::FieldEntry& entry :
       core::FieldTable{core::as_bytes(of_file.policy.definition)}) {
    switch (core::policy_key_use(entry.name, of_file.is_operator)) {
      case PolicyKeyUse::without_effect:
        findings.warn_of_each(
            fmt::format("the policy key '{}' is kept and has no effect: there is one node",
                        entry.name),
            of_file.path);
        break;
      case PolicyKeyUse::of_plugin:
        findings.warn_of_each(
            fmt::format("the policy key '{}' is kept and has no effect: its plugin is not there",
                        entry.name),
            of_file.path);
        break;
      case PolicyKeyUse::followed:
      case PolicyKeyUse::unknown:
        if (std::string why = core::check_policy_key(entry.name, entry.value, of_file.is_operator);
            !why.empty())
          faults.push_back(std::move(why));
        break;
    }
  }
  if (faults.empty() || findings.skips()) return {};
  return fmt::format("{}; take it out of the file", fmt::join(faults, "; "));
}

}  // namespace lepus::server
