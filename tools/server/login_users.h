// Who may log in: the users of the configuration and those of the catalog.
//
//   named in both             the configuration counts
//   the built-in guest        only while the catalog has no users: who brings his users along from
//                             RabbitMQ does not want guest with its well-known password as well
#pragma once

#include <map>
#include <string>
#include <vector>

#include "net/amqp/settings.h"
#include "persist/kept.h"
#include "tools/server/config.h"

namespace lepus::server {

struct LoginUsers {
  std::map<std::string, amqp::User, std::less<>> users;
  std::vector<std::string> warnings;
  std::string error;  ///< Not empty: a row of the catalog is damaged.
};

LoginUsers login_users(const ServerConfig& config, const persist::KeptDefinitions& kept);

}  // namespace lepus::server
