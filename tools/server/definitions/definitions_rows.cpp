// Rows of a definitions file on their way into those that are kept.
#include <fmt/format.h>

#include <algorithm>
#include <set>
#include <string>
#include <unordered_map>
#include <utility>

#include "core/access/password_hash.h"
#include "tools/server/default_users.h"
#include "tools/server/definitions/definitions.h"

namespace lepus::server {

namespace {

using persist::DefinitionKind;
using persist::DefinitionRow;
using persist::StoredDefinitions;

/// Of those that stop an import when it is nowhere. What is granted to nobody is removed later.
const std::string* vhost_of(const DefinedRow& row) {
  if (row.kind == DefinitionKind::policies) return &row.row.values[0];
  if (row.kind == DefinitionKind::parameters) return &row.row.values[1];
  return nullptr;
}

/// Where each user is among the rows. Keys do not change, and rows stay where they are.
class UserIndex {
 public:
  explicit UserIndex(const StoredDefinitions& stored_rows) : stored_rows_(stored_rows) { update(); }
  /// Takes in the users that were added since the last call.
  void update() {
    const auto& users = stored_rows_.of(DefinitionKind::users);
    for (; size_ < users.size(); ++size_)
      positions_.emplace(users[size_].values[persist::user_name], size_);
  }
  /// Returns the user's row, or null when there is no such user.
  const DefinitionRow* find(const std::string& name) const {
    const auto found = positions_.find(name);
    return found == positions_.end() ? nullptr
                                     : &stored_rows_.of(DefinitionKind::users)[found->second];
  }

 private:
  const StoredDefinitions& stored_rows_;
  std::size_t size_ = 0;  ///< So many rows are in the index.
  std::unordered_map<std::string, std::size_t> positions_;
};

void hash_password(const std::string& password, const DefinitionRow* existing, core::Random& random,
                   DefinitionRow& row) {
  const core::UserSpec user = make_user(row.values[persist::user_name], password, random);
  row.values[persist::user_hash] = user.password_hash;
  row.values[persist::user_algorithm] = user.hashing_algorithm;
  if (existing == nullptr) return;
  core::PasswordHash hash;
  const auto& values = existing->values;
  const bool is_read =
      hash.read(values[persist::user_algorithm], values[persist::user_hash]).empty();
  if (!is_read || !hash.matches(password)) return;
  row.values[persist::user_hash] = values[persist::user_hash];
  row.values[persist::user_algorithm] = values[persist::user_algorithm];
}

}  // namespace

bool Definitions::has(DefinitionKind kind) const {
  return std::any_of(rows.begin(), rows.end(),
                     [kind](const DefinedRow& row) { return row.kind == kind; });
}

void check_rows(const std::vector<std::string>& vhosts, Definitions& definitions,
                Findings& findings) {
  const std::set<std::string_view> known{vhosts.begin(), vhosts.end()};
  std::erase_if(definitions.rows, [&](const DefinedRow& row) {
    const std::string* vhost = vhost_of(row);
    if (vhost == nullptr || known.contains(*vhost)) return false;
    findings.refuse(fmt::format("{}.vhost: {}", row.path, no_such_vhost(*vhost)));
    return true;
  });
}

void check_passwords(const core::CredentialRule& rule, Definitions& definitions,
                     Findings& findings) {
  std::erase_if(definitions.rows, [&](const DefinedRow& row) {
    if (row.password.empty()) return false;
    const std::string why = core::check_password(rule, row.password);
    if (!why.empty()) findings.refuse(fmt::format("{}.password: {}", row.path, why));
    return !why.empty();
  });
}

std::vector<DefinedRow> merge_rows(const Definitions& definitions, core::Random& random,
                                   StoredDefinitions& stored_rows) {
  std::vector<DefinedRow> changed;
  UserIndex users{stored_rows};
  for (DefinedRow row : definitions.rows) {
    if (!row.password.empty())
      hash_password(row.password, users.find(row.row.values[persist::user_name]), random, row.row);
    if (!stored_rows.put(row.kind, row.row)) continue;
    users.update();
    changed.push_back(std::move(row));
  }
  return changed;
}

std::string no_such_vhost(std::string_view name) {
  return fmt::format(
      "there is no virtual host '{}'; add it to the file's vhosts, to the key vhosts, or with "
      "lepusctl add_vhost",
      name);
}

}  // namespace lepus::server
