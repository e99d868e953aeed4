// RabbitMQ's list of plugins, the file enabled_plugins: what it asks for is built in here, or it is
// not there. A file of containers and packages of RabbitMQ is taken as it is.
//
//   [rabbitmq_management,rabbitmq_prometheus].
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "tools/server/config/config.h"

namespace lepus::server {

struct PluginList {
  std::vector<std::string> names;
  std::string error;  ///< What is no list of plugins; empty: it is one.
};
PluginList parse_enabled_plugins(std::string_view text);

/// What is to be said of these; empty when everything they do is here.
std::string plugin_warning(const std::vector<std::string>& names);

/// The file that RABBITMQ_ENABLED_PLUGINS_FILE names, else the one beside the configuration file;
/// empty: there is none.
std::string find_enabled_plugins(const ConfigSources& sources);

/// Appends what is wrong with that file, if there is one.
void check_enabled_plugins(const ConfigSources& sources, ConfigResult& result);

}  // namespace lepus::server
