// The users of the configuration. As in RabbitMQ they are made once, in a data directory that never
// had a user; from then on users are what the catalog says, and are changed there.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "core/access/access_change.h"
#include "core/base/random.h"
#include "persist/catalog/definition_rows.h"
#include "tools/server/config/config.h"

namespace lepus::server {

/// A user with that password, hashed with a salt of `random`. The name is as it was given: whoever
/// adds the user checks it.
core::UserSpec make_user(std::string_view name, std::string_view password, core::Random& random);

/// Adds the users of the configuration and what they may do in each of `vhosts`.
void add_default_users(const ServerConfig& config, const std::vector<std::string>& vhosts,
                       core::Random& random, persist::StoredDefinitions& stored_rows);

/// Users of the configuration who cannot log in with the password that stands there: one line each.
std::vector<std::string> default_user_warnings(const ServerConfig& config,
                                               const persist::StoredDefinitions& stored_rows);

}  // namespace lepus::server
