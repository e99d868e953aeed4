// What several verbs say of the configuration of a node, in one wording.
#pragma once

#include <string>
#include <vector>

#include "tools/server/config/config.h"

namespace lepus::server {

/// Where the log is written: the path of the file, "<stdout>" or "<stderr>"; empty when nowhere.
std::vector<std::string> log_locations(const ServerConfig& config);
/// The address as RabbitMQ shows it: "[::]" for all.
std::string shown_interface(const ListenAddress& address);
std::string_view shown_protocol(const ListenAddress& address);
std::string_view shown_purpose(const ListenAddress& address);

}  // namespace lepus::server
