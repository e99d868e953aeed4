// The files of a control group that limit this process: visits the values of one controller file in
// this process's group and in every group above it, because each of them limits.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace lepus::server {

/// Contents of /sys/fs/cgroup/<group>/<file> from this process's group up to the root (version 2);
/// groups that lack the file are left out.
std::vector<std::string> read_cgroup_files(std::string_view file);

}  // namespace lepus::server
