// What a configuration names and this machine has or has not: directories, the socket's path, the
// definitions file. Nothing is made or changed.
#pragma once

#include <string>
#include <vector>

#include "tools/server/config/config.h"

namespace lepus::server {

struct ConfigCheck {
  std::vector<std::string> errors;    ///< With these a start fails.
  std::vector<std::string> warnings;  ///< What this user cannot do; the broker's user may.
};

ConfigCheck check_environment(const ServerConfig& config);
/// Empty, or what is wrong with the certificates and keys.
[[nodiscard]] std::string certificate_problem(const ServerConfig& config);

}  // namespace lepus::server
