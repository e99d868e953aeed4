// Policies between what people and files write (JSON) and what the core follows (a field table).
#pragma once

#include <string>
#include <string_view>

#include "core/topology/policy.h"
#include "persist/catalog/definition_rows.h"

namespace lepus::server {

/// The fields of a policy as they are written: RabbitMQ's names.
struct PolicyText {
  std::string vhost;
  std::string name;
  std::string pattern;
  std::string apply_to = "all";
  std::string definition;  ///< A JSON object.
  std::string priority = "0";
};
/// Empty, or what cannot be read: RabbitMQ's "Validation failed" and the reason. Whether the keys
/// and values are good is another question (core::check_policy).
[[nodiscard]] std::string read_policy(const PolicyText& text, core::PolicySpec& policy);

bool is_operator_policy(const persist::DefinitionRow& parameter);
/// Of a row of policies, or of parameters when it is an operator policy.
[[nodiscard]] std::string read_policy_row(const persist::DefinitionRow& row, bool is_operator,
                                          core::PolicySpec& policy);

}  // namespace lepus::server
