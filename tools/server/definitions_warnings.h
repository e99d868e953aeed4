// What the operator has to know about definitions that are kept but not applied by this version:
// one line for each kind.
#pragma once

#include <string>
#include <vector>

#include "persist/kept.h"

namespace lepus::server {

std::vector<std::string> definition_warnings(const persist::KeptDefinitions& kept);

}  // namespace lepus::server
