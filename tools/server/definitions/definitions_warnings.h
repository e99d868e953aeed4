// What the operator has to know about definitions that are kept but not applied by this version:
// one line for each kind.
#pragma once

#include <string>
#include <vector>

#include "core/base/log.h"
#include "persist/catalog/definition_rows.h"

namespace lepus::server {

std::vector<std::string> definition_warnings(const persist::StoredDefinitions& stored_rows);

/// All of them, several in a line when there are many: the log writes a few lines a second of one
/// event (log_limit.h).
void log_warnings(const std::vector<std::string>& warnings, core::Log& log);

}  // namespace lepus::server
