// What an operator may ask for while the broker runs, and what becomes of it: a pure decision on
// the master (see Control::change() in tools/server/control.h for the way of a request). Every text
// is what RabbitMQ's tools say.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "core/access/access_change.h"
#include "core/topology/topology.h"
#include "core/topology/topology_change.h"
#include "core/topology/topology_rules.h"

namespace lepus::core {

/// The hash was made or checked by core/access/password_hash.h; so was that of ChangePassword.
struct AddUser {
  UserSpec user;
};
/// Added, or changed: the tags count, and what is said of the password; limits stay as they are.
struct PutUser {
  std::string name;
  std::vector<std::string> tags;
  struct Secret {
    std::string hash;  ///< As of AddUser.
    std::string algorithm;
  };
  std::optional<Secret> secret = {};  ///< Nothing: it stays; a new user has no password then.
};
struct DeleteUser {
  std::string name;
};
struct ChangePassword {
  std::string name;
  std::string password_hash;
  std::string hashing_algorithm;
};
struct SetUserTags {
  std::string name;
  std::vector<std::string> tags;
};
/// Limits that are not named are as they were.
struct SetUserLimits {
  std::string name;
  UserLimits limits;
  std::string fault = {};  ///< Not empty: why what was written could not be read.
};
struct ClearUserLimits {
  std::string name;
  bool connections = true;  ///< Which of them.
  bool channels = true;
};
struct SetPermissions {
  PermissionSpec permission;
};
struct ClearPermissions {
  std::string user;
  std::string vhost;
};
struct SetTopicPermissions {
  TopicPermissionSpec permission;
};
struct ClearTopicPermissions {
  std::string user;
  std::string vhost;
  std::optional<std::string> exchange;  ///< Nothing: of all exchanges.
};
/// Of a virtual host that is there already the settings that are given are changed.
struct AddVhost {
  std::string name;
  std::optional<std::string> description;
  std::optional<std::vector<std::string>> tags;
  std::optional<std::string> default_queue_type;
};
/// The settings that are given, of a virtual host that must be there.
struct UpdateVhost {
  std::string name;
  std::optional<std::string> description;
  std::optional<std::vector<std::string>> tags;
  std::optional<std::string> default_queue_type;
  std::optional<bool> protected_from_deletion = {};
};
/// With everything in it; its connections are closed. Refused when it is protected.
struct DeleteVhost {
  std::string name;
};
/// All of them: a limit that is not named is no limit any more.
struct SetVhostLimits {
  std::string name;
  VhostLimits limits;
  std::string fault = {};  ///< As of SetUserLimits.
};

struct SetPolicy {
  PolicySpec policy;
  bool is_operator = false;
  std::string fault = {};  ///< As of SetUserLimits.
};
struct ClearPolicy {
  std::string vhost;
  std::string name;
  bool is_operator = false;
};

/// Of a component whose values are checked where they come in, or a global one, which has no
/// virtual host. The value is JSON.
struct SetParameter {
  ParameterKey key;
  std::string value;
  std::string fault = {};  ///< As of SetUserLimits.
  bool is_new = false;     ///< One of this name must not be there.
};
/// Of any component, also a global one, limits of a virtual host and an operator policy.
struct ClearParameter {
  ParameterKey key;
};
/// The firehose of a virtual host.
struct SetTrace {
  std::string vhost;
  bool is_on = false;
};
/// No change: it stands for a request that cannot be.
struct Refuse {
  std::string fault;
};

using AccessRequest =
    std::variant<AddUser, PutUser, DeleteUser, ChangePassword, SetUserTags, SetUserLimits,
                 ClearUserLimits, SetPermissions, ClearPermissions, SetTopicPermissions,
                 ClearTopicPermissions, AddVhost, UpdateVhost, DeleteVhost, SetVhostLimits,
                 SetPolicy, ClearPolicy, SetParameter, ClearParameter, SetTrace, Refuse>;

struct AccessRefusal {
  enum class Reason : std::uint8_t {
    user_exists,
    no_such_user,
    no_such_vhost,
    no_such_policy,
    no_such_parameter,
    parameter_exists,
    vhost_protected,  ///< From deletion.
    bad_value,
    stopping,
    not_stored  ///< The catalog cannot be written at the moment.
  };
  Reason reason = Reason::bad_value;
  std::string text;
};

/// Either a refusal, or changes; none of both: it is so already.
struct AccessDecision {
  std::optional<AccessRefusal> refusal;
  std::vector<TopologyChange> changes;
};

AccessDecision decide(const Topology& topology, const AccessRequest& request, IdSource& ids);

}  // namespace lepus::core
