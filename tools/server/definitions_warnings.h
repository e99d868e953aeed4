// What the operator has to know about definitions that are kept but not applied by this version:
// one line for each kind, and a loud one when RabbitMQ would have restricted somebody.
#pragma once

#include <string>
#include <vector>

#include "persist/kept.h"

namespace lepus::server {

/// `vhosts`: all there are. A user without a permission for one of them is restricted.
std::vector<std::string> definition_warnings(const persist::KeptDefinitions& kept,
                                             const std::vector<std::string>& vhosts);

}  // namespace lepus::server
