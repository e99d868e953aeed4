// lepusctl restore: a data directory from a backup, without a broker.
#pragma once

#include "tools/ctl/options.h"

namespace lepus::ctl {

/// Copies, then verifies as lepus-journal does. Returns the exit code.
int run_restore(const Invocation& invocation);

}  // namespace lepus::ctl
