// Putting the two lists together.
#include "tools/server/login_users.h"

#include <fmt/format.h>

#include <utility>

namespace lepus::server {

namespace {

bool is_built_in(const UserConfig& user) { return user == ServerConfig{}.users.front(); }

void add_configured(const ServerConfig& config, bool with_built_in, LoginUsers& out) {
  for (const UserConfig& user : config.users)
    if (with_built_in || !is_built_in(user))
      out.users[user.name] = {user.password, config.is_loopback_only(user.name)};
}

void add_kept(const ServerConfig& config, const persist::KeptRow& row, LoginUsers& out) {
  const std::string& name = row.values[persist::user_name];
  amqp::User user;
  user.loopback_only = config.is_loopback_only(name);
  if (const std::string why = user.hash.emplace().read(row.values[persist::user_algorithm],
                                                       row.values[persist::user_hash]);
      !why.empty()) {
    out.error = fmt::format("catalog, table users, user '{}': {}", name, why);
    return;
  }
  const auto configured = out.users.find(name);
  if (configured == out.users.end()) {
    out.users.emplace(name, std::move(user));
  } else if (!user.hash->matches(configured->second.password)) {
    out.warnings.push_back(fmt::format(
        "user '{}' is in the configuration and in the catalog with another password: the "
        "configuration counts; take it out there to use the imported one",
        name));
  }
}

}  // namespace

LoginUsers login_users(const ServerConfig& config, const persist::KeptDefinitions& kept) {
  LoginUsers out;
  const auto& rows = kept.of(persist::KeptKind::users);
  add_configured(config, rows.empty(), out);
  for (const persist::KeptRow& row : rows)
    if (out.error.empty()) add_kept(config, row, out);
  return out;
}

}  // namespace lepus::server
