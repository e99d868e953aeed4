// The real machine for placement.h: CPUs and NUMA nodes from hwloc, the allowed ones from the
// affinity mask, the CPU quota from the cgroup. Read once, at start.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "tools/server/placement/placement.h"

namespace lepus::server {

struct MachineResult {
  Machine machine;
  std::string error;  ///< Empty = machine is valid.
  bool ok() const { return error.empty(); }
};

MachineResult read_machine();

/// A machine made up from hwloc's synthetic description, e.g. "node:2 core:4 pu:2"; all allowed.
MachineResult synthetic_machine(const std::string& description);

/// CPUs' worth of a quota in cgroup v2's cpu.max ("max 100000", "150000 100000"); nothing = none.
std::optional<double> parse_cpu_max(std::string_view text);

}  // namespace lepus::server
