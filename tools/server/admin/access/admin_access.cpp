// Users, permissions and virtual hosts, one verb each: arguments become a core::AccessRequest,
// which the control thread decides, keeps and applies (AskAccess).
#include <array>
#include <memory>
#include <optional>
#include <random>
#include <utility>

#include <fmt/format.h>

#include "core/access/access_request.h"
#include "core/access/credential_rule.h"
#include "core/access/password_hash.h"
#include "persist/catalog/access_rows.h"
#include "persist/catalog/json_text.h"
#include "tools/server/admin/admin_access_change.h"
#include "tools/server/admin/admin_operation.h"
#include "tools/server/config/config_value.h"
#include "tools/server/default_users.h"
#include "tools/server/definitions/policy_text.h"
#include "tools/server/shovels/shovel_definition.h"

namespace lepus::server {

namespace {

using Arguments = std::vector<std::string>;

struct AccessVerb {
  std::string_view name;
  std::string_view expects;
  std::size_t arguments_min;
  std::size_t arguments_max;
  core::AccessRequest (*build)(const AdminRequest&);
};

core::UserSpec user_of(const Arguments& arguments) {
  std::random_device device;
  core::Random random(std::uint64_t{device()} << 32 | device());
  return make_user(arguments[0], arguments[1], random);
}

core::AccessRequest add_user(const AdminRequest& request) {
  return core::AddUser{user_of(request.arguments)};
}
/// put_user NAME keep "" "" TAG... | NAME password TEXT "" TAG... | NAME hash TEXT ALGORITHM TAG...
core::AccessRequest put_user(const AdminRequest& request) {
  const Arguments& words = request.arguments;
  core::PutUser user{words[0], {words.begin() + 4, words.end()}};
  const std::string algorithm = words[3].empty() ? std::string{core::sha256_name} : words[3];
  if (words[1] == "keep") {
    user.secret = std::nullopt;
  } else if (words[1] == "password") {
    const core::UserSpec made = user_of({words[0], words[2]});
    user.secret = {made.password_hash, made.hashing_algorithm};
  } else if (words[1] == "hash") {
    core::PasswordHash hash;
    if (std::string why = hash.read(algorithm, words[2]); !why.empty())
      return core::Refuse{std::move(why)};
    user.secret = {words[2], algorithm};
  } else {
    return core::Refuse{"the password: expected keep, password or hash"};
  }
  return user;
}
core::AccessRequest delete_user(const AdminRequest& request) {
  return core::DeleteUser{request.arguments[0]};
}
core::AccessRequest change_password(const AdminRequest& request) {
  core::UserSpec user = user_of(request.arguments);
  return core::ChangePassword{user.name, user.password_hash, user.hashing_algorithm};
}
core::AccessRequest clear_password(const AdminRequest& request) {
  const core::UserSpec user = user_of({request.arguments[0], ""});
  return core::ChangePassword{user.name, "", user.hashing_algorithm};
}
core::AccessRequest set_user_tags(const AdminRequest& request) {
  const Arguments& words = request.arguments;
  return core::SetUserTags{words[0], {words.begin() + 1, words.end()}};
}
core::AccessRequest set_permissions(const AdminRequest& request) {
  const Arguments& words = request.arguments;
  return core::SetPermissions{{words[0], request.vhost, words[1], words[2], words[3]}};
}
core::AccessRequest clear_permissions(const AdminRequest& request) {
  return core::ClearPermissions{request.arguments[0], request.vhost};
}
core::AccessRequest set_topic_permissions(const AdminRequest& request) {
  const Arguments& words = request.arguments;
  return core::SetTopicPermissions{{words[0], request.vhost, words[1], words[2], words[3]}};
}
core::AccessRequest clear_topic_permissions(const AdminRequest& request) {
  core::ClearTopicPermissions permissions{request.arguments[0], request.vhost, {}};
  if (request.arguments.size() > 1) permissions.exchange = request.arguments[1];
  return permissions;
}
std::optional<std::string> option(std::string_view name, const AdminRequest& request) {
  const auto found = request.options.find(name);
  if (found == request.options.end()) return std::nullopt;
  return found->second;
}
core::AccessRequest add_vhost(const AdminRequest& request) {
  return core::AddVhost{request.arguments[0],
                        option("description", request),
                        {},
                        option("default_queue_type", request)};
}
core::AccessRequest delete_vhost(const AdminRequest& request) {
  return core::DeleteVhost{request.arguments[0]};
}

/// Tags come as one text, separated by commas.
core::AccessRequest update_vhost(const AdminRequest& request) {
  core::UpdateVhost vhost{request.arguments[0],
                          option("description", request),
                          {},
                          option("default_queue_type", request)};
  if (const auto tags = option("tags", request)) {
    const std::vector<std::string_view> list = split_list(*tags);
    vhost.tags.emplace(list.begin(), list.end());
  }
  return vhost;
}
core::AccessRequest set_vhost_tags(const AdminRequest& request) {
  const Arguments& words = request.arguments;
  return core::UpdateVhost{
      words[0], {}, std::vector<std::string>{words.begin() + 1, words.end()}, {}};
}
template <bool IsProtected>
core::AccessRequest protect_vhost(const AdminRequest& request) {
  core::UpdateVhost vhost{request.arguments[0], {}, {}, {}};
  vhost.protected_from_deletion = IsProtected;
  return vhost;
}
template <bool IsOn>
core::AccessRequest set_trace(const AdminRequest& request) {
  return core::SetTrace{request.vhost, IsOn};
}

template <bool IsOperator>
core::AccessRequest set_policy(const AdminRequest& request) {
  const Arguments& words = request.arguments;
  core::SetPolicy policy;
  policy.is_operator = IsOperator;
  policy.fault = read_policy({request.vhost, words[0], words[1],
                              option("apply_to", request).value_or(IsOperator ? "queues" : "all"),
                              words[2], option("priority", request).value_or("0")},
                             policy.policy);
  policy.policy.vhost = request.vhost;
  return policy;
}
template <bool IsOperator>
core::AccessRequest clear_policy(const AdminRequest& request) {
  return core::ClearPolicy{request.vhost, request.arguments[0], IsOperator};
}

core::AccessRequest limit_vhost(const std::string& vhost, const std::string& limits) {
  core::SetVhostLimits set_vhost_limits{vhost, {}};
  set_vhost_limits.fault = persist::check_vhost_limits(limits);
  if (set_vhost_limits.fault.empty())
    set_vhost_limits.fault = persist::read_vhost_limits(
        {{std::string{core::vhost_limits_component}, vhost, "limits", limits}},
        set_vhost_limits.limits);
  return set_vhost_limits;
}
core::AccessRequest set_vhost_limits(const AdminRequest& request) {
  return limit_vhost(request.vhost, request.arguments[0]);
}
core::AccessRequest clear_vhost_limits(const AdminRequest& request) {
  return core::SetVhostLimits{request.vhost, {}};
}
core::AccessRequest set_user_limits(const AdminRequest& request) {
  core::UserSpec user;
  core::SetUserLimits limits{request.arguments[0], {}};
  limits.fault = persist::check_user_limits(request.arguments[1]);
  if (limits.fault.empty())
    limits.fault =
        persist::read_user({{request.arguments[0], "", "", "[]", request.arguments[1]}}, user);
  limits.limits = user.limits;
  return limits;
}
core::AccessRequest clear_user_limits(const AdminRequest& request) {
  const std::string& which = request.arguments[1];
  return core::ClearUserLimits{request.arguments[0], which != "max-channels",
                               which != "max-connections"};
}

core::AccessRequest set_shovel(const AdminRequest& request) {
  const Arguments& words = request.arguments;
  core::SetParameter set{{words[0], request.vhost, words[1]}, words[2]};
  ShovelDefinition definition;
  if (const std::string fault = read_shovel(words[2], definition); !fault.empty())
    set.fault = fmt::format("Validation failed\n\n{}\n", fault);
  return set;
}

/// Components are limits, operator policies and shovels; others would be stored and do nothing.
core::AccessRequest set_parameter(const AdminRequest& request) {
  const Arguments& words = request.arguments;
  const persist::DefinitionRow row{{words[0], request.vhost, words[1], words[2]}};
  if (persist::is_vhost_limits(row)) return limit_vhost(request.vhost, words[2]);
  if (is_operator_policy(row)) {
    core::SetPolicy policy;
    policy.is_operator = true;
    policy.fault = read_policy_row(row, true, policy.policy);
    policy.policy.vhost = request.vhost;
    return policy;
  }
  if (words[0] == shovel_component) return set_shovel(request);
  if (words[0] == "policy") return core::Refuse{"policies may not be set using this method"};
  return core::Refuse{fmt::format("Validation failed\n\ncomponent {} not found\n", words[0])};
}
core::AccessRequest clear_parameter(const AdminRequest& request) {
  return core::ClearParameter{{request.arguments[0], request.vhost, request.arguments[1]}};
}
core::ParameterKey global_key(std::string_view name) {
  return {std::string{core::global_component}, {}, std::string{name}};
}
core::AccessRequest set_global_parameter(const AdminRequest& request) {
  core::SetParameter parameter{global_key(request.arguments[0]), request.arguments[1]};
  parameter.fault = persist::check_json(parameter.value);
  return parameter;
}
/// A global parameter, as in RabbitMQ: connections to come are told the name.
core::AccessRequest set_cluster_name(const AdminRequest& request) {
  core::SetParameter parameter{global_key(core::cluster_name_parameter), {}};
  if (request.arguments[0].empty()) parameter.fault = "the name of a cluster is not empty";
  parameter.value = nlohmann::json(request.arguments[0])
                        .dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
  return parameter;
}
core::AccessRequest clear_global_parameter(const AdminRequest& request) {
  return core::ClearParameter{global_key(request.arguments[0])};
}

constexpr std::size_t many = 100;
constexpr std::array access_verbs{
    AccessVerb{"add_user", "a user and a password", 2, 2, add_user},
    AccessVerb{"put_user", "a user, keep, password or hash, a text, an algorithm and tags", 4, many,
               put_user},
    AccessVerb{"delete_user", "a user", 1, 1, delete_user},
    AccessVerb{"change_password", "a user and a password", 2, 2, change_password},
    AccessVerb{"clear_password", "a user", 1, 1, clear_password},
    AccessVerb{"set_user_tags", "a user and tags", 1, many, set_user_tags},
    AccessVerb{"set_permissions", "a user and patterns for configure, write and read", 4, 4,
               set_permissions},
    AccessVerb{"clear_permissions", "a user", 1, 1, clear_permissions},
    AccessVerb{"set_topic_permissions", "a user, an exchange and patterns for write and read", 4, 4,
               set_topic_permissions},
    AccessVerb{"clear_topic_permissions", "a user and perhaps an exchange", 1, 2,
               clear_topic_permissions},
    AccessVerb{"add_vhost", "a virtual host", 1, 1, add_vhost},
    AccessVerb{"delete_vhost", "a virtual host", 1, 1, delete_vhost},
    AccessVerb{"update_vhost_metadata", "a virtual host", 1, 1, update_vhost},
    AccessVerb{"set_vhost_tags", "a virtual host and tags", 1, many, set_vhost_tags},
    AccessVerb{"enable_vhost_deletion_protection", "a virtual host", 1, 1, protect_vhost<true>},
    AccessVerb{"disable_vhost_deletion_protection", "a virtual host", 1, 1, protect_vhost<false>},
    AccessVerb{"trace_on", "nothing", 0, 0, set_trace<true>},
    AccessVerb{"trace_off", "nothing", 0, 0, set_trace<false>},
    AccessVerb{"set_vhost_limits", "a JSON object", 1, 1, set_vhost_limits},
    AccessVerb{"clear_vhost_limits", "nothing", 0, 0, clear_vhost_limits},
    AccessVerb{"set_user_limits", "a user and a JSON object", 2, 2, set_user_limits},
    AccessVerb{"clear_user_limits", "a user and max-connections, max-channels or all", 2, 2,
               clear_user_limits},
    AccessVerb{"set_parameter", "a component, a name and a value", 3, 3, set_parameter},
    AccessVerb{"clear_parameter", "a component and a name", 2, 2, clear_parameter},
    AccessVerb{"set_global_parameter", "a name and a value", 2, 2, set_global_parameter},
    AccessVerb{"set_cluster_name", "a name", 1, 1, set_cluster_name},
    AccessVerb{"clear_global_parameter", "a name", 1, 1, clear_global_parameter},
    AccessVerb{"set_policy", "a name, a pattern and a definition", 3, 3, set_policy<false>},
    AccessVerb{"set_operator_policy", "a name, a pattern and a definition", 3, 3, set_policy<true>},
    AccessVerb{"clear_policy", "the name of a policy", 1, 1, clear_policy<false>},
    AccessVerb{"clear_operator_policy", "the name of a policy", 1, 1, clear_policy<true>},
};

const AccessVerb* find_verb(std::string_view name) {
  for (const AccessVerb& verb : access_verbs)
    if (verb.name == name) return &verb;
  return nullptr;
}

class ChangeAccess final : public AccessChange {
 public:
  using AccessChange::AccessChange;

 private:
  void start() override {
    const AccessVerb* verb = find_verb(request().verb);
    CHECK(verb != nullptr);
    const std::size_t count = request().arguments.size();
    if (count < verb->arguments_min || count > verb->arguments_max)
      return fail(AdminFault::usage, fmt::format("expected {}", verb->expects));
    if (const std::string* password = find_password(*verb)) {
      const std::string why = core::check_password(host().config().auth.passwords, *password);
      if (!why.empty()) return fail(AdminFault::invalid, why);
    }
    ask(verb->build(request()));
  }
  /// Shards are told of a cluster's name when this thread knows of it.
  void on_changed() override {
    if (request().verb.find("global_parameter") == std::string::npos &&
        request().verb != "set_cluster_name")
      return done("{}");
    ask_acknowledgements();
  }
  void on_all_acknowledged() override { done("{}"); }
  /// Null: none is set.
  const std::string* find_password(const AccessVerb& verb) const {
    const Arguments& words = request().arguments;
    if (verb.build == add_user || verb.build == change_password) return &words[1];
    return verb.build == put_user && words[1] == "password" ? &words[2] : nullptr;
  }
};

/// set_permissions_globally USER CONFIGURE WRITE READ: in each virtual host there is now, as with
/// RabbitMQ.
class SetPermissionsGlobally final : public AccessChange {
 public:
  using AccessChange::AccessChange;

 private:
  void start() override {
    const Arguments& words = request().arguments;
    if (words.size() != 4)
      return fail(AdminFault::usage, "expected a user and patterns for configure, write and read");
    const auto vhosts = broker().topology().vhosts();
    if (vhosts.empty()) return done("{}");
    for (const core::VhostInfo* vhost : vhosts)
      ask(core::SetPermissions{{words[0], vhost->name, words[1], words[2], words[3]}});
  }
};

}  // namespace

OperationMaker find_access_operation(std::string_view verb) {
  if (verb == "set_permissions_globally") return make_operation<SetPermissionsGlobally>;
  return find_verb(verb) == nullptr ? nullptr : make_operation<ChangeAccess>;
}

}  // namespace lepus::server
