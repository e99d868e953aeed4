// Users, permissions, settings and limits between the changes of the topology and the rows of the
// catalog (persist/catalog/definition_rows.h): names, patterns and hashes as they are, tags and
// limits as JSON.
#pragma once

#include <string>

#include "core/access/access_change.h"
#include "core/topology/policy.h"
#include "persist/catalog/definition_rows.h"

namespace lepus::persist {

DefinitionRow user_row(const core::UserSpec& user);
DefinitionRow permission_row(const core::PermissionSpec& permission);
DefinitionRow topic_permission_row(const core::TopicPermissionSpec& permission);
DefinitionRow vhost_row(const std::string& name, const core::VhostSettings& settings);
/// A parameter: limits of virtual hosts are some in RabbitMQ.
DefinitionRow vhost_limits_row(const std::string& name, const core::VhostLimits& limits);
bool is_vhost_limits(const DefinitionRow& parameter);
/// Of policies; an operator policy is a parameter in RabbitMQ.
DefinitionRow policy_row(const core::PolicySpec& policy, bool is_operator);

/// Of limits that somebody types: empty, or which of them there are none of. What is stored may be
/// of another version and is read as far as it is known.
[[nodiscard]] std::string check_vhost_limits(const std::string& json);
[[nodiscard]] std::string check_user_limits(const std::string& json);

/// The other way. Empty, or what is wrong with the row: "limits: 'max-connections' ...".
[[nodiscard]] std::string read_user(const DefinitionRow& row, core::UserSpec& user);
core::PermissionSpec read_permission(const DefinitionRow& row);
core::TopicPermissionSpec read_topic_permission(const DefinitionRow& row);
[[nodiscard]] std::string read_vhost(const DefinitionRow& row, core::VhostSettings& settings);
[[nodiscard]] std::string read_vhost_limits(const DefinitionRow& row, core::VhostLimits& limits);

}  // namespace lepus::persist
