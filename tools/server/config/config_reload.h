// SIGHUP: the configuration is read again from where it came from, the log file is reopened, and
// what can be changed while running is changed. plan_reload() is the pure decision, reload_config()
// carries it out; the caller hands the result to whoever works by it.
#pragma once

#include <string>
#include <vector>

#include "tools/server/config/config.h"
#include "tools/server/log/log.h"

namespace lepus::server {

struct ReloadPlan {
  /// The new values of all keys that can be changed while running; the rest as it was.
  ServerConfig config;
  std::vector<std::string> changed;       ///< Keys that take effect now or for new connections.
  std::vector<std::string> need_restart;  ///< Keys that differ but keep their old value.
  std::vector<std::string> too_late;      ///< Keys that count in a new data directory only.
};

ReloadPlan plan_reload(const ServerConfig& running, const ServerConfig& wanted);

struct ReloadOutcome {
  /// To go on with: the one that was running when the new one has errors.
  ServerConfig config;
  /// Of the configuration, with file and line, and of outputs of the log that cannot be opened.
  std::vector<std::string> errors;
};

/// Says in `log`, which belongs to the calling thread, what was done and what waits for a restart.
ReloadOutcome reload_config(const ServerConfig& running, LogSystem& log_system, core::Log& log);

}  // namespace lepus::server
