// See empty_directory.h.
#include "persist/backup/empty_directory.h"

#include <fmt/format.h>

#include <cerrno>
#include <cstring>
#include <vector>

namespace lepus::persist {

std::string check_is_empty(io::Disk& disk, const std::string& directory) {
  std::vector<std::string> names;
  const int listed = disk.list(directory, names);
  if (listed < 0 && listed != -ENOENT)
    return fmt::format("cannot look into {}: {}", directory, std::strerror(-listed));
  if (names.empty()) return {};
  return fmt::format("{} is not empty ({} is in it): name a directory that is new or empty",
                     directory, names.front());
}

}  // namespace lepus::persist
