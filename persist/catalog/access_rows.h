// Users, permissions, settings and limits between the changes of the topology and the rows of the
// catalog (persist/catalog/kept.h): names, patterns and hashes as they are, tags and limits as
// JSON.
#pragma once

#include <string>

#include "core/access/access_change.h"
#include "core/topology/policy.h"
#include "persist/catalog/kept.h"

namespace lepus::persist {

KeptRow user_row(const core::UserSpec& user);
KeptRow permission_row(const core::PermissionSpec& permission);
KeptRow topic_permission_row(const core::TopicPermissionSpec& permission);
KeptRow vhost_row(const std::string& name, const core::VhostSettings& settings);
/// A parameter: limits of virtual hosts are some in RabbitMQ.
KeptRow vhost_limits_row(const std::string& name, const core::VhostLimits& limits);
bool is_vhost_limits(const KeptRow& parameter);
/// Of policies; an operator policy is a parameter in RabbitMQ.
KeptRow policy_row(const core::PolicySpec& policy, bool is_operator);

/// Of limits that somebody types: empty, or which of them there are none of. What is stored may be
/// of another version and is read as far as it is known.
[[nodiscard]] std::string check_vhost_limits(const std::string& json);
[[nodiscard]] std::string check_user_limits(const std::string& json);

/// The other way. Empty, or what is wrong with the row: "limits: 'max-connections' ...".
[[nodiscard]] std::string read_user(const KeptRow& row, core::UserSpec& user);
core::PermissionSpec read_permission(const KeptRow& row);
core::TopicPermissionSpec read_topic_permission(const KeptRow& row);
[[nodiscard]] std::string read_vhost(const KeptRow& row, core::VhostSettings& settings);
[[nodiscard]] std::string read_vhost_limits(const KeptRow& row, core::VhostLimits& limits);

}  // namespace lepus::persist
