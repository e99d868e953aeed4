// What of a configuration changes by the hour: whether its addresses are free, what the kernel
// allows, how much memory and disk there is. For --check-config; nothing is made or changed.
#pragma once

#include <string>
#include <string_view>

#include "tools/server/config/config_check.h"

namespace lepus::server {

/// Adds what it finds. What the broker that runs with this data directory uses is not held against
/// the configuration.
void check_machine(const ServerConfig& config, ConfigCheck& check);

/// What to say when epoll stands in for io_uring. `why`: a sentence without its full stop.
std::string epoll_warning(std::string_view why);

}  // namespace lepus::server
