// One file per CPU, locked with flock and holding the owner's pid. Whatever goes wrong with the
// files is not worth a failed start: then there is no warning.
#include "tools/server/placement/placement_locks.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>

#include "tools/server/config/config_file.h"
#include "tools/server/config/config_value.h"

namespace lepus::server {

PlacementLocks::~PlacementLocks() {
  for (const int fd : fds_) close(fd);
}

std::string PlacementLocks::take(const Placement& placement, const std::string& directory) {
  if (!placement.pin) return {};
  // Any user's broker may meet here, hence the sticky bit and files that all may open.
  if (mkdir(directory.c_str(), 01777) == 0) chmod(directory.c_str(), 01777);
  std::vector<unsigned> own;
  std::vector<unsigned> taken;
  std::string holder = "unknown";
  for (const ShardPlace& place : placement.shards) {
    if (std::find(own.begin(), own.end(), place.cpu.number) != own.end()) continue;
    const std::string path = fmt::format("{}/cpu-{}.lock", directory, place.cpu.number);
    const int fd = open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0666);
    if (fd < 0) continue;
    if (flock(fd, LOCK_EX | LOCK_NB) != 0) {
      taken.push_back(place.cpu.number);
      std::string text;
      if (read_file(path, text) && !trim(text).empty()) holder = text.substr(0, text.find('\n'));
      close(fd);
      continue;
    }
    own.push_back(place.cpu.number);
    fds_.push_back(fd);
    fchmod(fd, 0666);
    const std::string pid = fmt::format("{}\n", getpid());
    if (ftruncate(fd, 0) != 0 || write(fd, pid.data(), pid.size()) < 0) continue;
  }
  if (taken.empty()) return {};
  std::sort(taken.begin(), taken.end());
  return fmt::format(
      "CPU {} is used by another pinned lepus (pid {}): give each instance its own `cpuset`, or "
      "set "
      "pin = false",
      format_cpu_list(taken), holder);
}

}  // namespace lepus::server
