// --check-dpdk: what the kernel bypass needs and does not find, each in a line with what mends it.
#pragma once

#include <string>
#include <vector>

#include "tools/server/config/config.h"

namespace lepus::server {

struct BypassCheck {
  std::vector<std::string> problems;
  std::string device;  ///< When all is there: what was opened.
};

/// Where the facts of the machine are read: of another machine in tests.
struct MachineFiles {
  std::string root;  ///< Before /sys and /dev; "" is this machine.
};

/// What can be seen without DPDK.
std::vector<std::string> find_bypass_problems(const DpdkConfig& config, const MachineFiles& files);

/// The same, and if there is nothing, DPDK is started and the device opened and closed. Once a
/// process.
BypassCheck check_bypass(const DpdkConfig& config);

}  // namespace lepus::server
