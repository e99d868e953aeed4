// lepusctl tail: what comes to a stream, or passes the firehose of a virtual host, line by line.
//
//   browse, or trace_messages -> lines -> the same again from where the answer ended
//         ^---- a moment later, when there was nothing ----'
//
// The broker is asked for a bounded piece at a time and told nothing in between: when standard
// output is not read, it is not asked, and holds nothing for this tool.
#pragma once

#include <string>

#include "tools/ctl/verbs.h"

namespace lepus::ctl {

/// Until --count lines are printed, with --once until nothing more is there, else until it is
/// ended. Returns the exit code.
int run_tail(const Invocation& invocation);

}  // namespace lepus::ctl
