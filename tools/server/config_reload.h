// What changes when the configuration is read again (SIGHUP). Pure: two configurations in, the one
// to go on with out.
//
//   ReloadPlan plan = plan_reload(running, load_config(sources).config);
//   log plan.changed and plan.need_restart;  hand plan.config to whoever uses it
#pragma once

#include <string>
#include <vector>

#include "tools/server/config.h"

namespace lepus::server {

struct ReloadPlan {
  /// The new values of all keys that can be changed while running; the rest as it was.
  ServerConfig config;
  std::vector<std::string> changed;       ///< Keys that take effect now or for new connections.
  std::vector<std::string> need_restart;  ///< Keys that differ but keep their old value.
};

ReloadPlan plan_reload(const ServerConfig& running, const ServerConfig& wanted);

}  // namespace lepus::server
