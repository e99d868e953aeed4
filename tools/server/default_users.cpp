// Rows, as a definitions file would bring them.
#include "tools/server/default_users.h"

#include <fmt/format.h>

#include <utility>

#include "core/access/access_pattern.h"
#include "core/access/password_hash.h"
#include "persist/catalog/access_rows.h"

namespace lepus::server {

using persist::DefinitionKind;

core::UserSpec make_user(std::string_view name, std::string_view password, core::Random& random) {
  core::UserSpec user;
  user.name = name;
  user.hashing_algorithm = core::sha256_name;
  // As with RabbitMQ, an empty password is none: nobody logs in with it.
  if (!password.empty())
    user.password_hash =
        core::hash_password(password, static_cast<std::uint32_t>(random.next() >> 32));
  return user;
}

void add_default_users(const ServerConfig& config, const std::vector<std::string>& vhosts,
                       core::Random& random, persist::StoredDefinitions& stored_rows) {
  CHECK(stored_rows.of(DefinitionKind::users).empty());
  for (const UserConfig& user_config : config.users) {
    core::UserSpec user = make_user(user_config.name, user_config.password, random);
    user.tags = user_config.tags;
    CHECK(stored_rows.put(DefinitionKind::users, persist::user_row(user)));
    const core::AccessPattern pattern{user_config.vhost_pattern};
    for (const std::string& vhost : vhosts) {
      if (!pattern.matches(vhost)) continue;
      (void)stored_rows.put(DefinitionKind::permissions,
                            persist::permission_row({user_config.name, vhost, user_config.configure,
                                                     user_config.write, user_config.read}));
    }
  }
}

std::vector<std::string> default_user_warnings(const ServerConfig& config,
                                               const persist::StoredDefinitions& stored_rows) {
  std::vector<std::string> warnings;
  const UserConfig built_in = ServerConfig{}.users.front();
  for (const UserConfig& user : config.users) {
    if (user == built_in) continue;
    bool accepted = false;
    for (const persist::DefinitionRow& row : stored_rows.of(DefinitionKind::users)) {
      core::PasswordHash hash;
      accepted |=
          row.values[persist::user_name] == user.name &&
          hash.read(row.values[persist::user_algorithm], row.values[persist::user_hash]).empty() &&
          hash.matches(user.password);
    }
    if (!accepted)
      warnings.push_back(
          fmt::format("user '{}' of the configuration cannot log in with the password that stands "
                      "there: the users of the configuration are made in a new data directory only",
                      user.name));
  }
  return warnings;
}

}  // namespace lepus::server
