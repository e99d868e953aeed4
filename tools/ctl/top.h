// lepusctl top: a live view of queues, connections or shards.
#pragma once

#include "tools/ctl/options.h"

namespace lepus::ctl {

/// Until the user ends it, or one look without a terminal. Returns the exit code.
int run_top(const Invocation& invocation);

}  // namespace lepus::ctl
