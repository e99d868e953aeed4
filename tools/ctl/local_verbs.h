// Verbs that are not one request to the broker: they need none, or consist of others.
#pragma once

#include "tools/ctl/options.h"

namespace lepus::ctl {

/// Runs a verb whose answer is Answer::local, but for help and version. Returns the exit code.
int run_local(const Invocation& invocation);

}  // namespace lepus::ctl
