// The end of the log where it is in no file: the lines that the broker keeps in memory.
#pragma once

#include <cstdint>

#include "tools/ctl/verbs.h"

namespace lepus::ctl {

/// Prints so many last lines. With a duration: what comes for so many seconds (0: without end).
/// Returns the exit code.
int print_kept_log(const Invocation& invocation, std::uint64_t line_count);
int print_kept_log_stream(const Invocation& invocation, double duration_s);

}  // namespace lepus::ctl
