// The sections of a definitions file, once it is JSON.
#pragma once

#include <simdjson.h>

#include <string>

#include "tools/server/definitions/definitions.h"

namespace lepus::server {

struct ReadInput {
  std::string origin;  ///< Names the file in messages.
  const DefinitionsScope& scope;
};
void read_sections(simdjson::dom::object root, const ReadInput& input, Definitions& out,
                   Findings& findings);

}  // namespace lepus::server
