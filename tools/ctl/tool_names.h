// The names under which the tool can be called (links to it): each of RabbitMQ's tools shows its
// own verbs in its help. Whichever name it has, it runs every verb.
#pragma once

#include <string_view>

namespace lepus::ctl {

/// Returns true if the help of a tool of this name lists the verb. Names that are none of
/// RabbitMQ's list all.
bool is_listed(std::string_view program, std::string_view verb);

}  // namespace lepus::ctl
