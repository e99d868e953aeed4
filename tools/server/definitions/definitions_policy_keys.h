// The keys of a policy in a definitions file: which of them nothing follows, and which cannot be
// taken.
#pragma once

#include <string>

#include "core/topology/policy.h"
#include "tools/server/definitions/definitions_findings.h"

namespace lepus::server {

struct PolicyOfFile {
  const core::PolicySpec& policy;
  bool is_operator;
  const std::string& path;  ///< "definitions.json: policies[3]".
};
/// Warns of keys that are known and have no effect here. Empty, or what is wrong with others: keys
/// that no RabbitMQ has, and values that no key takes. When such elements are skipped nothing is
/// wrong with the policy: it goes by its other keys, and a warning says so when it is applied.
[[nodiscard]] std::string check_policy_keys(const PolicyOfFile& of_file, Findings& findings);

}  // namespace lepus::server
