// What a start would say of a definitions file: without a broker, a catalog or a data directory, as
// if nothing were there yet.
#pragma once

#include <string>
#include <vector>

#include "tools/server/config/config.h"

namespace lepus::server {

struct DefinitionsCheck {
  std::vector<std::string> problems;  ///< None: a new broker takes the file.
  std::vector<std::string> warnings;
  std::string summary;  ///< What is in it: "2 virtual hosts, 14 queues, ...".
};
/// A file, or a directory of files.
DefinitionsCheck check_definitions(const ServerConfig& config, const std::string& path);

}  // namespace lepus::server
