// Users, permissions, topic permissions, settings and limits of virtual hosts: what they are, and
// what happens to them. The changes are part of TopologyChange: decided by the control thread, kept
// in the catalog, applied by every shard in the same order as those of exchanges and queues.
#pragma once

#include <algorithm>
#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/ids.h"

namespace lepus::core {

/// How many there may be at once. Nothing or a negative number: as many as you like.
using Limit = std::optional<std::int64_t>;
inline bool is_reached(const Limit& limit, std::uint64_t count) {
  return limit && *limit >= 0 && count >= static_cast<std::uint64_t>(*limit);
}

struct UserLimits {
  Limit connections;
  Limit channels;
  bool operator==(const UserLimits&) const = default;
};

struct UserSpec {
  std::string name;
  std::string password_hash;      ///< As RabbitMQ writes it; empty: no login with a password.
  std::string hashing_algorithm;  ///< RabbitMQ's name of it.
  std::vector<std::string> tags;
  UserLimits limits;

  bool has_tag(std::string_view tag) const {
    return std::find(tags.begin(), tags.end(), tag) != tags.end();
  }
  bool operator==(const UserSpec&) const = default;
};

/// Regular expressions of names; an empty one is that of no name at all.
struct PermissionSpec {
  std::string user;
  std::string vhost;
  std::string configure;
  std::string write;
  std::string read;
  bool operator==(const PermissionSpec&) const = default;
};

/// Regular expressions of routing keys, with {username} and {vhost}.
struct TopicPermissionSpec {
  std::string user;
  std::string vhost;
  std::string exchange;
  std::string write;
  std::string read;
  bool operator==(const TopicPermissionSpec&) const = default;
};

struct VhostSettings {
  std::string description;
  std::vector<std::string> tags;
  std::string default_queue_type;  ///< Of queues declared without one; empty: classic.
  bool protected_from_deletion = false;
  bool operator==(const VhostSettings&) const = default;
};

struct VhostLimits {
  Limit connections;
  Limit queues;
  bool operator==(const VhostLimits&) const = default;
};

/// Added, or something about it is different now.
struct UserPut {
  UserSpec user;
};
/// Its permissions go with it.
struct UserRemoved {
  std::string name;
};
struct PermissionPut {
  PermissionSpec permission;
};
struct PermissionRemoved {
  std::string user;
  std::string vhost;
};
struct TopicPermissionPut {
  TopicPermissionSpec permission;
};
struct TopicPermissionRemoved {
  std::string user;
  std::string vhost;
  std::string exchange;
};
struct VhostSettingsPut {
  VhostId id;
  std::string name;
  VhostSettings settings;
};
struct VhostLimitsPut {
  VhostId id;
  std::string name;
  VhostLimits limits;
};
/// Of a runtime parameter that no part of the broker reads. Global ones are of the component
/// "global" and of no virtual host. Limits of virtual hosts and operator policies are changes of
/// their own.
struct ParameterKey {
  std::string component;
  std::string vhost;
  std::string name;
  auto operator<=>(const ParameterKey&) const = default;
};
inline constexpr std::string_view global_component = "global";
/// Global parameters that the broker follows: the name that clients are told, and what
/// definitions.skip_if_unchanged compares.
inline constexpr std::string_view cluster_name_parameter = "cluster_name";
inline constexpr std::string_view definitions_hash_parameter = "imported_definition_hash_value";
inline constexpr std::string_view vhost_limits_component = "vhost-limits";
inline constexpr std::string_view operator_policy_component = "operator_policy";
/// The value is JSON.
struct ParameterPut {
  ParameterKey key;
  std::string value;
};
struct ParameterRemoved {
  ParameterKey key;
};

}  // namespace lepus::core
