// A backup is written into a directory of its own, and restored into one: what else is there would
// be taken for a part of it, or be overwritten.
#pragma once

#include <string>

#include "io/disk.h"

namespace lepus::persist {

/// Returns "" when the directory is empty or is missing, else why it cannot be used.
[[nodiscard]] std::string check_is_empty(io::Disk& disk, const std::string& directory);

}  // namespace lepus::persist
