// The tables of the catalog and their versions. Each version is made from the one before by one
// step, so a file of any older version is brought up to date, and a new file is made by the same
// steps from nothing.
//
//   application_id   "Lepu": the file is ours
//   user_version     how many steps it has behind it
#pragma once

#include <span>
#include <string>

#include "persist/catalog/sqlite.h"

namespace lepus::persist {

/// Statements that lead from version i to version i + 1.
using SchemaSteps = std::span<const char* const>;

SchemaSteps catalog_steps();

/// Reads only: refuses a file of another program and one that a newer version wrote.
[[nodiscard]] std::string check_schema(Database& database, SchemaSteps steps);

/// After check_schema(): takes the steps that are missing, all in one transaction.
[[nodiscard]] std::string upgrade_schema(Database& database, SchemaSteps steps);

}  // namespace lepus::persist
