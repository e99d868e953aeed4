// What is said before a verb is asked: "Listing queues for vhost / ...".
#pragma once

#include <string>

#include "tools/ctl/verbs.h"

namespace lepus::ctl {

/// The node that is asked, as it is shown.
std::string node_of(const Invocation& invocation);

/// Control characters in arguments are escaped.
std::string banner(const Invocation& invocation, const VerbSpec& verb);

}  // namespace lepus::ctl
