// One function for each kind of request.
#include "core/access/access_request.h"

#include <array>
#include <string_view>
#include <type_traits>
#include <utility>

#include <fmt/format.h>

#include "core/access/password_hash.h"

namespace lepus::core {

namespace {

using Reason = AccessRefusal::Reason;

AccessDecision refused(Reason reason, std::string text) {
  return {AccessRefusal{reason, std::move(text)}, {}};
}
AccessDecision no_user(std::string_view name) {
  return refused(Reason::no_such_user, fmt::format("User \"{}\" does not exist", name));
}
AccessDecision no_vhost(std::string_view name) {
  return refused(Reason::no_such_vhost, fmt::format("Virtual host '{}' does not exist", name));
}
AccessDecision one(TopologyChange change) {
  AccessDecision decision;
  decision.changes.push_back(std::move(change));
  return decision;
}

/// What clients know by a name: a shortstr.
std::optional<AccessRefusal> check_name(std::string_view label, std::string_view name) {
  if (!name.empty() && name.size() <= 255) return std::nullopt;
  return AccessRefusal{Reason::bad_value, fmt::format("{} must have 1 to 255 bytes", label)};
}

std::optional<AccessRefusal> check_patterns(std::initializer_list<std::string_view> patterns) {
  for (const std::string_view pattern : patterns) {
    if (const std::string why = check_pattern(pattern); !why.empty())
      return AccessRefusal{Reason::bad_value,
                           fmt::format("invalid regular expression '{}': {}", pattern, why)};
  }
  return std::nullopt;
}

std::string variables_out(const std::string& pattern) {
  return expand_pattern(expand_pattern(pattern, "username", "u"), "vhost", "v");
}

class Decider {
 public:
  Decider(const Topology& topology, IdSource& ids) : topology_(topology), ids_(ids) {}

  AccessDecision operator()(const AddUser& request) const {
    if (auto refusal = check_name("a user name", request.user.name))
      return {std::move(refusal), {}};
    if (find_user(request.user.name) != nullptr)
      return refused(Reason::user_exists,
                     fmt::format("User \"{}\" already exists", request.user.name));
    return one(UserPut{request.user});
  }
  AccessDecision operator()(const PutUser& request) const {
    if (auto refusal = check_name("a user name", request.name)) return {std::move(refusal), {}};
    const UserInfo* existing = find_user(request.name);
    UserSpec user = existing == nullptr ? UserSpec{} : existing->spec;
    // Without a password nobody logs in with one; the algorithm is that of one to come.
    if (existing == nullptr) user.hashing_algorithm = sha256_name;
    user.name = request.name;
    user.tags = request.tags;
    if (request.secret) {
      user.password_hash = request.secret->hash;
      user.hashing_algorithm = request.secret->algorithm;
    }
    if (existing != nullptr && existing->spec == user) return {};
    return one(UserPut{std::move(user)});
  }
  AccessDecision operator()(const DeleteUser& request) const {
    if (find_user(request.name) == nullptr) return no_user(request.name);
    return one(UserRemoved{request.name});
  }
  AccessDecision operator()(const ChangePassword& request) const {
    return change_user(request.name, [&](UserSpec& user) {
      user.password_hash = request.password_hash;
      user.hashing_algorithm = request.hashing_algorithm;
    });
  }
  AccessDecision operator()(const SetUserTags& request) const {
    return change_user(request.name, [&](UserSpec& user) { user.tags = request.tags; });
  }
  AccessDecision operator()(const SetUserLimits& request) const {
    if (!request.fault.empty()) return refused(Reason::bad_value, request.fault);
    return change_user(request.name, [&](UserSpec& user) {
      if (request.limits.connections) user.limits.connections = request.limits.connections;
      if (request.limits.channels) user.limits.channels = request.limits.channels;
    });
  }
  AccessDecision operator()(const ClearUserLimits& request) const {
    return change_user(request.name, [&](UserSpec& user) {
      if (request.connections) user.limits.connections.reset();
      if (request.channels) user.limits.channels.reset();
    });
  }
  AccessDecision operator()(const SetPermissions& request) const {
    const PermissionSpec& spec = request.permission;
    if (auto refusal = check_patterns({spec.configure, spec.write, spec.read}))
      return {std::move(refusal), {}};
    if (auto missing = check_both(spec.user, spec.vhost)) return *std::move(missing);
    const Grant* grant = topology_.access().find_grant({spec.user, spec.vhost});
    if (grant != nullptr && grant->spec == spec) return {};
    return one(PermissionPut{spec});
  }
  AccessDecision operator()(const ClearPermissions& request) const {
    if (auto missing = check_both(request.user, request.vhost)) return *std::move(missing);
    if (topology_.access().find_grant({request.user, request.vhost}) == nullptr) return {};
    return one(PermissionRemoved{request.user, request.vhost});
  }
  AccessDecision operator()(const SetTopicPermissions& request) const {
    const TopicPermissionSpec& spec = request.permission;
    if (auto refusal = check_patterns({variables_out(spec.write), variables_out(spec.read)}))
      return {std::move(refusal), {}};
    if (auto missing = check_both(spec.user, spec.vhost)) return *std::move(missing);
    return one(TopicPermissionPut{spec});
  }
  AccessDecision operator()(const ClearTopicPermissions& request) const;
  AccessDecision operator()(const AddVhost& request) const;
  AccessDecision operator()(const UpdateVhost& request) const {
    const VhostInfo* vhost = topology_.find_vhost(request.name);
    if (vhost == nullptr) return no_vhost(request.name);
    return change_settings(*vhost, request);
  }
  AccessDecision operator()(const DeleteVhost& request) const;
  AccessDecision operator()(const SetVhostLimits& request) const {
    const VhostInfo* vhost = topology_.find_vhost(request.name);
    if (vhost == nullptr) return no_vhost(request.name);
    if (!request.fault.empty()) return refused(Reason::bad_value, request.fault);
    if (vhost->limits == request.limits) return {};
    return one(VhostLimitsPut{vhost->id, vhost->name, request.limits});
  }
  AccessDecision operator()(const SetPolicy& request) const {
    const VhostInfo* vhost = topology_.find_vhost(request.policy.vhost);
    if (vhost == nullptr) return no_vhost(request.policy.vhost);
    if (!request.fault.empty()) return refused(Reason::bad_value, request.fault);
    if (std::string why = check_policy(request.policy, request.is_operator); !why.empty())
      return refused(Reason::bad_value, std::move(why));
    const PolicyList& list = request.is_operator ? vhost->operator_policies : vhost->policies;
    const Policy* existing = list.find(request.policy.name);
    if (existing != nullptr && existing->spec == request.policy) return {};
    return one(PolicyPut{vhost->id, request.is_operator, request.policy});
  }
  AccessDecision operator()(const SetParameter& request) const;
  AccessDecision operator()(const ClearParameter& request) const;
  AccessDecision operator()(const SetTrace& request) const {
    const VhostInfo* vhost = topology_.find_vhost(request.vhost);
    if (vhost == nullptr) return no_vhost(request.vhost);
    if (vhost->is_traced == request.is_on) return {};
    return one(TracePut{vhost->id, request.is_on});
  }
  AccessDecision operator()(const Refuse& request) const {
    return refused(Reason::bad_value, request.fault);
  }
  AccessDecision operator()(const ClearPolicy& request) const {
    const VhostInfo* vhost = topology_.find_vhost(request.vhost);
    if (vhost == nullptr) return no_vhost(request.vhost);
    const PolicyList& list = request.is_operator ? vhost->operator_policies : vhost->policies;
    if (list.find(request.name) == nullptr)
      return refused(Reason::no_such_policy, "Parameter does not exist");
    return one(PolicyRemoved{vhost->id, request.is_operator, vhost->name, request.name});
  }

 private:
  const UserInfo* find_user(std::string_view name) const {
    return topology_.access().find_user(name);
  }
  std::optional<AccessDecision> check_both(std::string_view user, std::string_view vhost) const {
    if (find_user(user) == nullptr) return no_user(user);
    if (topology_.find_vhost(vhost) == nullptr) return no_vhost(vhost);
    return std::nullopt;
  }
  /// A brace that stands for a variable is no regular expression yet.
  template <class Edit>
  AccessDecision change_user(std::string_view name, Edit edit) const {
    const UserInfo* user = find_user(name);
    if (user == nullptr) return no_user(name);
    UserSpec changed = user->spec;
    edit(changed);
    if (changed == user->spec) return {};
    return one(UserPut{std::move(changed)});
  }

  template <class Request>
  static std::optional<AccessRefusal> check_settings(const Request& request) {
    if (!request.default_queue_type || is_queue_type(*request.default_queue_type))
      return std::nullopt;
    return AccessRefusal{Reason::bad_value, fmt::format("Unsupported default queue type '{}'",
                                                        *request.default_queue_type)};
  }
  template <class Request>
  static VhostSettings with_settings(VhostSettings settings, const Request& request) {
    if (request.description) settings.description = *request.description;
    if (request.tags) settings.tags = *request.tags;
    if (request.default_queue_type) settings.default_queue_type = *request.default_queue_type;
    if constexpr (std::is_same_v<Request, UpdateVhost>)
      settings.protected_from_deletion =
          request.protected_from_deletion.value_or(settings.protected_from_deletion);
    return settings;
  }
  template <class Request>
  static AccessDecision change_settings(const VhostInfo& vhost, const Request& request) {
    if (auto refusal = check_settings(request)) return {std::move(refusal), {}};
    VhostSettings settings = with_settings(vhost.settings, request);
    if (settings == vhost.settings) return {};
    return one(VhostSettingsPut{vhost.id, vhost.name, std::move(settings)});
  }

  const Topology& topology_;
  IdSource& ids_;
};

AccessDecision Decider::operator()(const ClearTopicPermissions& request) const {
  if (auto missing = check_both(request.user, request.vhost)) return *std::move(missing);
  AccessDecision decision;
  const VhostAccess* access = topology_.access().find({request.user, request.vhost});
  if (access == nullptr) return decision;
  for (const auto& [exchange, topic] : access->topics)
    if (!request.exchange || *request.exchange == exchange)
      decision.changes.emplace_back(TopicPermissionRemoved{request.user, request.vhost, exchange});
  return decision;
}

AccessDecision Decider::operator()(const SetParameter& request) const {
  const ParameterKey& key = request.key;
  if (key.component != global_component && topology_.find_vhost(key.vhost) == nullptr)
    return no_vhost(key.vhost);
  if (auto refusal = check_name("the name of a parameter", key.name))
    return {std::move(refusal), {}};
  if (!request.fault.empty()) return refused(Reason::bad_value, request.fault);
  const auto existing = topology_.parameters().find(request.key);
  const bool is_there = existing != topology_.parameters().end();
  if (is_there && request.is_new)
    return refused(Reason::parameter_exists, fmt::format("there is a {} '{}' already",
                                                         request.key.component, request.key.name));
  if (is_there && existing->second == request.value) return {};
  return one(ParameterPut{request.key, request.value});
}

AccessDecision Decider::operator()(const ClearParameter& request) const {
  const ParameterKey& key = request.key;
  if (topology_.parameters().contains(key)) return one(ParameterRemoved{key});
  const VhostInfo* vhost = topology_.find_vhost(key.vhost);
  if (vhost == nullptr && key.component != global_component) return no_vhost(key.vhost);
  if (key.component == vhost_limits_component && key.name == "limits" &&
      vhost->limits != VhostLimits{})
    return one(VhostLimitsPut{vhost->id, vhost->name, {}});
  if (key.component == operator_policy_component &&
      vhost->operator_policies.find(key.name) != nullptr)
    return one(PolicyRemoved{vhost->id, true, vhost->name, key.name});
  return refused(Reason::no_such_parameter, "Parameter does not exist");
}

AccessDecision Decider::operator()(const AddVhost& request) const {
  if (auto refusal = check_name("the name of a virtual host", request.name))
    return {std::move(refusal), {}};
  if (const VhostInfo* existing = topology_.find_vhost(request.name))
    return change_settings(*existing, request);
  if (auto refusal = check_settings(request)) return {std::move(refusal), {}};
  TopologyRequest add;
  add.kind = TopologyRequest::Kind::add_vhost;
  add.name = request.name;
  AccessDecision decision;
  decision.changes = decide(topology_, add, &ids_).changes;
  const VhostId id = std::get<VhostAdded>(decision.changes.front()).id;
  VhostSettings settings = with_settings({}, request);
  if (settings != VhostSettings{})
    decision.changes.emplace_back(VhostSettingsPut{id, request.name, std::move(settings)});
  return decision;
}

AccessDecision Decider::operator()(const DeleteVhost& request) const {
  const VhostInfo* vhost = topology_.find_vhost(request.name);
  if (vhost == nullptr) return no_vhost(request.name);
  if (vhost->settings.protected_from_deletion)
    return refused(Reason::vhost_protected,
                   fmt::format("Virtual host '{}' is protected from deletion; "
                               "disable_vhost_deletion_protection ends that",
                               request.name));
  TopologyRequest remove;
  remove.kind = TopologyRequest::Kind::delete_vhost;
  remove.name = request.name;
  AccessDecision decision;
  decision.changes = decide(topology_, remove, &ids_).changes;
  CHECK(!decision.changes.empty());
  return decision;
}

}  // namespace

AccessDecision decide(const Topology& topology, const AccessRequest& request, IdSource& ids) {
  AccessDecision decision = std::visit(Decider{topology, ids}, request);
  CHECK(!decision.refusal || decision.changes.empty());
  return decision;
}

}  // namespace lepus::core
