// The catalog's part for users, what they may do, and settings and limits of virtual hosts: rows of
// the tables in persist/catalog/kept.h.
#include <fmt/format.h>

#include "persist/catalog/access_rows.h"
#include "persist/catalog/catalog.h"

namespace lepus::persist {

namespace {

/// Tables that name a virtual host, with the column that does.
struct VhostColumn {
  KeptKind kind;
  std::string_view column;
};
constexpr VhostColumn kept_of_vhost[] = {{KeptKind::vhost_properties, "vhost"},
                                         {KeptKind::permissions, "vhost"},
                                         {KeptKind::topic_permissions, "vhost"},
                                         {KeptKind::policies, "vhost"},
                                         {KeptKind::parameters, "vhost"}};

}  // namespace

/// Rows whose first columns have these values; fewer values than key columns: all that begin so.
void Catalog::unkeep(KeptKind kind, const std::vector<std::string>& key) {
  const KeptTable& table = kept_table(kind);
  CHECK(!key.empty());
  CHECK(key.size() <= table.key_count);
  std::string text = fmt::format("DELETE FROM {} WHERE ", table.name);
  for (std::size_t i = 0; i < key.size(); ++i)
    text += fmt::format("{}{} = ?{}", i == 0 ? "" : " AND ", table.columns[i].name, i + 1);
  run_once(text, key);
}

void Catalog::run_once(const std::string& text, const std::vector<std::string>& values) {
  begin();
  Statement statement;
  if (error_.empty()) note(database_.prepare(text, statement));
  if (!error_.empty()) return;
  statement.bind_texts(values);
  while (statement.next()) {
  }
  note(statement.finish());
}

void Catalog::remove_rows_of(const core::VhostRemoved& change) {
  for (const VhostColumn& one : kept_of_vhost)
    run_once(fmt::format("DELETE FROM {} WHERE {} = (SELECT name FROM vhosts WHERE id = {})",
                         kept_table(one.kind).name, one.column, change.id.value),
             {});
}

void Catalog::write(const core::VhostSettingsPut& change) {
  keep(KeptKind::vhost_properties, vhost_row(change.name, change.settings));
}

void Catalog::write(const core::VhostLimitsPut& change) {
  const KeptRow row = vhost_limits_row(change.name, change.limits);
  if (change.limits != core::VhostLimits{}) return keep(KeptKind::parameters, row);
  unkeep(KeptKind::parameters, {row.values[0], row.values[1], row.values[2]});
}

void Catalog::write(const core::PolicyPut& change) {
  keep(change.is_operator ? KeptKind::parameters : KeptKind::policies,
       policy_row(change.policy, change.is_operator));
}

void Catalog::write(const core::PolicyRemoved& change) {
  if (change.is_operator)
    return unkeep(KeptKind::parameters,
                  {std::string{core::operator_policy_component}, change.vhost_name, change.name});
  unkeep(KeptKind::policies, {change.vhost_name, change.name});
}

void Catalog::write(const core::UserPut& change) { keep(KeptKind::users, user_row(change.user)); }

void Catalog::write(const core::UserRemoved& change) {
  for (const KeptKind kind : {KeptKind::users, KeptKind::permissions, KeptKind::topic_permissions})
    unkeep(kind, {change.name});
}

void Catalog::write(const core::PermissionPut& change) {
  keep(KeptKind::permissions, permission_row(change.permission));
}

void Catalog::write(const core::PermissionRemoved& change) {
  unkeep(KeptKind::permissions, {change.user, change.vhost});
}

void Catalog::write(const core::TopicPermissionPut& change) {
  keep(KeptKind::topic_permissions, topic_permission_row(change.permission));
}

void Catalog::write(const core::TopicPermissionRemoved& change) {
  unkeep(KeptKind::topic_permissions, {change.user, change.vhost, change.exchange});
}

void Catalog::write(const core::ParameterPut& change) {
  const core::ParameterKey& key = change.key;
  if (key.component == core::global_component)
    return keep(KeptKind::global_parameters, {{key.name, change.value}});
  keep(KeptKind::parameters, {{key.component, key.vhost, key.name, change.value}});
}

void Catalog::write(const core::ParameterRemoved& change) {
  const core::ParameterKey& key = change.key;
  if (key.component == core::global_component)
    return unkeep(KeptKind::global_parameters, {key.name});
  unkeep(KeptKind::parameters, {key.component, key.vhost, key.name});
}

/// From now on nobody is added by himself, also when all users are deleted.
void Catalog::note_users() {
  if (had_users_) return;
  had_users_ = true;
  run_once("UPDATE meta SET value = 1 WHERE name = 'had_users'", {});
}

}  // namespace lepus::persist
