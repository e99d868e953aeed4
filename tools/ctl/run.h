// Runs one verb: what is to be said, asked and shown.
#pragma once

#include "tools/ctl/options.h"

namespace lepus::ctl {

/// The exit code.
int run(const Invocation& invocation);

/// The state of a node, from the JSON of the verb status, as text for people.
std::string status_text(std::string_view json);
/// The same of the verb cluster_status.
std::string cluster_status_text(std::string_view json);

}  // namespace lepus::ctl
