// Exit codes of the broker. A service manager goes by them: with what an operator has to mend first
// it must not start the broker again and again (RestartPreventExitStatus in lepus.service).
#pragma once

#include "tools/server/config/config.h"

namespace lepus::server {

inline constexpr int exit_stopped = 0;
inline constexpr int exit_failed = 1;          ///< Another try may go well.
inline constexpr int exit_usage = 2;           ///< The command line is wrong.
inline constexpr int exit_disk_full = 73;      ///< EX_CANTCREAT: the disk of data_dir is full.
inline constexpr int exit_configuration = 78;  ///< EX_CONFIG: a key or what it names is wrong.

/// Of a start or a run that failed: whether the disk of data_dir is what is in the way.
int failure_code(const ServerConfig& config);

}  // namespace lepus::server
