// A password that is not on the command line, where others could read it.
#pragma once

#include <optional>
#include <string>

namespace lepus::ctl {

/// One line of standard input, without its end. On a terminal it is asked for and not shown.
/// Nothing: there is none.
std::optional<std::string> read_password();

}  // namespace lepus::ctl
