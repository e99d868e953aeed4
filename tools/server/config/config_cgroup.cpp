// Finds this process's control group in /proc/self/cgroup and reads one file of it and of each
// group above, up to the mount point.
#include "tools/server/config/config_cgroup.h"

#include <fmt/format.h>

#include "tools/server/config/config_file.h"

namespace lepus::server {

namespace {

/// This process's group as a path that starts with '/'; "" when it is in no version 2 group.
std::string own_group() {
  std::string text;
  if (!read_file("/proc/self/cgroup", text)) return {};
  constexpr std::string_view entry = "0::";
  std::size_t index = 0;
  while (index < text.size() && text.compare(index, entry.size(), entry) != 0) {
    index = text.find('\n', index);
    if (index == std::string::npos) return {};
    ++index;
  }
  if (index >= text.size()) return {};
  index += entry.size();
  return text.substr(index, text.find('\n', index) - index);
}

}  // namespace

std::vector<std::string> read_cgroup_files(std::string_view file) {
  std::vector<std::string> contents;
  std::string group = own_group();
  if (group == "/") group.clear();
  while (true) {
    std::string text;
    if (read_file(fmt::format("/sys/fs/cgroup{}/{}", group, file), text))
      contents.push_back(std::move(text));
    const std::size_t slash = group.rfind('/');
    if (slash == std::string::npos) return contents;
    group.resize(slash);
  }
}

}  // namespace lepus::server
