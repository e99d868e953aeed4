// Users first, then what refers to them.
#include "tools/server/definitions/definitions_access.h"

#include <fmt/format.h>

#include <map>
#include <set>
#include <string_view>
#include <utility>

#include "core/access/access_pattern.h"
#include "core/access/password_hash.h"
#include "core/topology/topology_rules.h"
#include "persist/catalog/access_rows.h"
#include "tools/server/definitions/policy_text.h"

namespace lepus::server {

namespace {

using persist::DefinitionKind;
using persist::DefinitionRow;
using persist::StoredDefinitions;

class Loader {
 public:
  Loader(const StoredDefinitions& stored_rows, const std::vector<core::TopologyChange>& stored)
      : stored_rows_(stored_rows) {
    for (const core::TopologyChange& change : stored)
      if (const auto* added = std::get_if<core::VhostAdded>(&change))
        vhosts_.emplace(added->name, added->id);
  }
  AccessLoad load();

 private:
  void add_user(const DefinitionRow& row);
  void add_settings(const DefinitionRow& row);
  void add_limits(const DefinitionRow& row);
  void add_policy(const DefinitionRow& row, bool is_operator);
  void add_parameters();
  void add_permission(const DefinitionRow& row);
  void add_topic_permission(const DefinitionRow& row);
  bool has_both(const std::string& user, const std::string& vhost);
  void warn_of_pattern(const std::string& pattern, std::string_view owner);
  void fail(std::string_view table, const std::string& error) {
    if (!error.empty() && out_.error.empty())
      out_.error = fmt::format("catalog, table {}, {}", table, error);
  }

  const StoredDefinitions& stored_rows_;
  std::map<std::string, core::VhostId, std::less<>> vhosts_;
  std::set<std::string, std::less<>> users_;
  AccessLoad out_;
};

AccessLoad Loader::load() {
  for (const DefinitionRow& row : stored_rows_.of(DefinitionKind::users)) add_user(row);
  for (const DefinitionRow& row : stored_rows_.of(DefinitionKind::vhost_properties))
    add_settings(row);
  for (const DefinitionRow& row : stored_rows_.of(DefinitionKind::parameters))
    if (persist::is_vhost_limits(row)) add_limits(row);
  for (const DefinitionRow& row : stored_rows_.of(DefinitionKind::policies)) add_policy(row, false);
  for (const DefinitionRow& row : stored_rows_.of(DefinitionKind::parameters))
    if (is_operator_policy(row)) add_policy(row, true);
  add_parameters();
  for (const DefinitionRow& row : stored_rows_.of(DefinitionKind::permissions)) add_permission(row);
  for (const DefinitionRow& row : stored_rows_.of(DefinitionKind::topic_permissions))
    add_topic_permission(row);
  return std::move(out_);
}

void Loader::add_user(const DefinitionRow& row) {
  core::UserSpec user;
  fail("users", persist::read_user(row, user));
  if (user.name.empty()) return fail("users", "a user without a name: remove the row with sqlite3");
  core::PasswordHash hash;
  if (const std::string why = hash.read(user.hashing_algorithm, user.password_hash); !why.empty())
    fail("users", fmt::format("user '{}': {}", user.name, why));
  users_.insert(user.name);
  out_.changes.emplace_back(core::UserPut{std::move(user)});
}

/// The virtual host may be gone in files that were edited.
void Loader::add_settings(const DefinitionRow& row) {
  core::VhostSettings settings;
  fail("vhost_properties", persist::read_vhost(row, settings));
  const auto vhost = vhosts_.find(row.values[0]);
  if (vhost == vhosts_.end()) return;
  if (!core::is_queue_type(settings.default_queue_type)) {
    out_.warnings.push_back(
        fmt::format("vhost '{}' has the default queue type '{}', which is none: it has no effect",
                    row.values[0], settings.default_queue_type));
    settings.default_queue_type.clear();
  }
  out_.changes.emplace_back(
      core::VhostSettingsPut{vhost->second, vhost->first, std::move(settings)});
}

void Loader::add_limits(const DefinitionRow& row) {
  core::VhostLimits limits;
  fail("parameters", persist::read_vhost_limits(row, limits));
  const auto vhost = vhosts_.find(row.values[1]);
  if (vhost == vhosts_.end()) return;
  out_.changes.emplace_back(core::VhostLimitsPut{vhost->second, vhost->first, limits});
}

/// What of it cannot be followed is said; the rest holds.
void Loader::add_policy(const DefinitionRow& row, bool is_operator) {
  core::PolicyPut put;
  put.is_operator = is_operator;
  const std::string why = read_policy_row(row, is_operator, put.policy);
  const std::string& name = row.values[is_operator ? 2 : 1];
  const std::string& vhost = row.values[is_operator ? 1 : 0];
  const auto say = [&](std::string_view text) {
    out_.warnings.push_back(fmt::format(
        "{} '{}' in vhost '{}' {}", is_operator ? "operator policy" : "policy", name, vhost, text));
  };
  const auto found = vhosts_.find(vhost);
  if (found == vhosts_.end()) return say("has no effect: there is no such vhost");
  if (name.empty()) return say("has no effect: its name is empty");
  if (!why.empty()) return say(fmt::format("has no effect: {}", why));
  const std::string fault = core::check_pattern(put.policy.pattern);
  const std::vector<std::string> unfit = core::drop_unfit_keys(put.policy, is_operator);
  if (!fault.empty()) {
    say(fmt::format("has no effect: its pattern '{}' matches nothing: {}", put.policy.pattern,
                    fault));
  } else if (!unfit.empty()) {
    const bool is_empty = put.policy.definition.empty();
    say(fmt::format("{}: {}", is_empty ? "has no effect" : "is applied without some keys",
                    fmt::join(unfit, "; ")));
  }
  put.vhost = found->second;
  out_.changes.emplace_back(std::move(put));
}

/// Those that nothing of the broker reads: they can be listed and cleared.
void Loader::add_parameters() {
  for (const DefinitionRow& row : stored_rows_.of(DefinitionKind::global_parameters))
    out_.changes.emplace_back(core::ParameterPut{
        {std::string{core::global_component}, {}, row.values[0]}, row.values[1]});
  for (const DefinitionRow& row : stored_rows_.of(DefinitionKind::parameters)) {
    const auto& values = row.values;
    if (persist::is_vhost_limits(row) || is_operator_policy(row)) continue;
    if (vhosts_.contains(values[1]))
      out_.changes.emplace_back(core::ParameterPut{{values[0], values[1], values[2]}, values[3]});
  }
}

bool Loader::has_both(const std::string& user, const std::string& vhost) {
  if (users_.contains(user) && vhosts_.contains(vhost)) return true;
  out_.warnings.push_back(
      fmt::format("permissions of user '{}' in vhost '{}' are removed: there is no such {}", user,
                  vhost, users_.contains(user) ? "vhost" : "user"));
  return false;
}

void Loader::warn_of_pattern(const std::string& pattern, std::string_view owner) {
  std::string expanded = pattern;
  for (const std::string_view variable : {"username", "vhost"})
    expanded = core::expand_pattern(std::move(expanded), variable, "x");
  const std::string why = core::check_pattern(expanded);
  if (why.empty()) return;
  out_.warnings.push_back(
      fmt::format("permissions of user '{}': the pattern '{}' matches nothing, so nothing is "
                  "allowed by it: {}",
                  owner, pattern, why));
}

void Loader::add_permission(const DefinitionRow& row) {
  core::PermissionSpec permission = persist::read_permission(row);
  if (!has_both(permission.user, permission.vhost)) {
    out_.removals.emplace_back(core::PermissionRemoved{permission.user, permission.vhost});
    return;
  }
  for (const std::string* pattern : {&permission.configure, &permission.write, &permission.read})
    warn_of_pattern(*pattern, permission.user);
  out_.changes.emplace_back(core::PermissionPut{std::move(permission)});
}

void Loader::add_topic_permission(const DefinitionRow& row) {
  core::TopicPermissionSpec permission = persist::read_topic_permission(row);
  if (!has_both(permission.user, permission.vhost)) {
    out_.removals.emplace_back(
        core::TopicPermissionRemoved{permission.user, permission.vhost, permission.exchange});
    return;
  }
  for (const std::string* pattern : {&permission.write, &permission.read})
    warn_of_pattern(*pattern, permission.user);
  out_.changes.emplace_back(core::TopicPermissionPut{std::move(permission)});
}

}  // namespace

AccessLoad load_access(const StoredDefinitions& stored_rows,
                       const std::vector<core::TopologyChange>& stored) {
  return Loader{stored_rows, stored}.load();
}

}  // namespace lepus::server
