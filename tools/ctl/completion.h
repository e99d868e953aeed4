// Completion of lepusctl's command line in a shell, written from the table of verbs.
#pragma once

#include <string>
#include <string_view>

namespace lepus::ctl {

/// A script for "bash", "zsh" or "fish"; "": it is none of them.
std::string completion_script(std::string_view shell);

}  // namespace lepus::ctl
