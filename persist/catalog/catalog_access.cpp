// The catalog's part for users, what they may do, and settings and limits of virtual hosts: rows of
// the tables in persist/catalog/definition_rows.h.
#include <fmt/format.h>

#include "persist/catalog/access_rows.h"
#include "persist/catalog/catalog.h"

namespace lepus::persist {

namespace {

/// Tables that name a virtual host, with the column that does.
struct VhostColumn {
  DefinitionKind kind;
  std::string_view column;
};
constexpr VhostColumn rows_of_vhost[] = {{DefinitionKind::vhost_properties, "vhost"},
                                         {DefinitionKind::permissions, "vhost"},
                                         {DefinitionKind::topic_permissions, "vhost"},
                                         {DefinitionKind::policies, "vhost"},
                                         {DefinitionKind::parameters, "vhost"}};

}  // namespace

/// Rows whose first columns have these values; fewer values than key columns: all that begin so.
void Catalog::erase(DefinitionKind kind, const std::vector<std::string>& key) {
  const DefinitionTable& table = definition_table(kind);
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
  for (const VhostColumn& column : rows_of_vhost)
    run_once(fmt::format("DELETE FROM {} WHERE {} = (SELECT name FROM vhosts WHERE id = {})",
                         definition_table(column.kind).name, column.column, change.id.value),
             {});
}

void Catalog::write(const core::VhostSettingsPut& change) {
  upsert(DefinitionKind::vhost_properties, vhost_row(change.name, change.settings));
}

void Catalog::write(const core::VhostLimitsPut& change) {
  const DefinitionRow row = vhost_limits_row(change.name, change.limits);
  if (change.limits != core::VhostLimits{}) return upsert(DefinitionKind::parameters, row);
  erase(DefinitionKind::parameters, {row.values[0], row.values[1], row.values[2]});
}

void Catalog::write(const core::PolicyPut& change) {
  upsert(change.is_operator ? DefinitionKind::parameters : DefinitionKind::policies,
         policy_row(change.policy, change.is_operator));
}

void Catalog::write(const core::PolicyRemoved& change) {
  if (change.is_operator)
    return erase(DefinitionKind::parameters,
                 {std::string{core::operator_policy_component}, change.vhost_name, change.name});
  erase(DefinitionKind::policies, {change.vhost_name, change.name});
}

void Catalog::write(const core::UserPut& change) {
  upsert(DefinitionKind::users, user_row(change.user));
}

void Catalog::write(const core::UserRemoved& change) {
  for (const DefinitionKind kind :
       {DefinitionKind::users, DefinitionKind::permissions, DefinitionKind::topic_permissions})
    erase(kind, {change.name});
}

void Catalog::write(const core::PermissionPut& change) {
  upsert(DefinitionKind::permissions, permission_row(change.permission));
}

void Catalog::write(const core::PermissionRemoved& change) {
  erase(DefinitionKind::permissions, {change.user, change.vhost});
}

void Catalog::write(const core::TopicPermissionPut& change) {
  upsert(DefinitionKind::topic_permissions, topic_permission_row(change.permission));
}

void Catalog::write(const core::TopicPermissionRemoved& change) {
  erase(DefinitionKind::topic_permissions, {change.user, change.vhost, change.exchange});
}

void Catalog::write(const core::ParameterPut& change) {
  const core::ParameterKey& key = change.key;
  if (key.component == core::global_component)
    return upsert(DefinitionKind::global_parameters, {{key.name, change.value}});
  upsert(DefinitionKind::parameters, {{key.component, key.vhost, key.name, change.value}});
}

void Catalog::write(const core::ParameterRemoved& change) {
  const core::ParameterKey& key = change.key;
  if (key.component == core::global_component)
    return erase(DefinitionKind::global_parameters, {key.name});
  erase(DefinitionKind::parameters, {key.component, key.vhost, key.name});
}

/// From now on nobody is added by himself, also when all users are deleted.
void Catalog::note_users() {
  if (had_users_) return;
  had_users_ = true;
  run_once("UPDATE meta SET value = 1 WHERE name = 'had_users'", {});
}

}  // namespace lepus::persist
