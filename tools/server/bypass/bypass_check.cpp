// One function for each thing that may be missing.
#include "tools/server/bypass/bypass_check.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>

#include "net/bypass/module.h"
#include "tools/server/bypass/node_bypass.h"

namespace lepus::server {

namespace {

namespace fs = std::filesystem;
using Problems = std::vector<std::string>;

std::uint64_t read_number(const fs::path& path) {
  std::ifstream file(path);
  std::uint64_t number = 0;
  file >> number;
  return file ? number : 0;
}

bool is_pci_address(const std::string& name) {
  return name.find(':') != std::string::npos && name.find('.') != std::string::npos;
}

void check_modules(const DpdkConfig& config, Problems& problems) {
  for (const char* name : {"lepus-dpdk.so", "lepus-lwip.so"})
    if (net::bypass::find_module(config.modules, name).empty())
      problems.push_back(
          fmt::format("module {} is not there: build it: tools/build.sh release after "
                      "meson configure build/release -Ddpdk=enabled; or set net.dpdk.modules",
                      name));
}

void check_settings(const DpdkConfig& config, Problems& problems) {
  if (config.addresses.empty())
    problems.emplace_back("no address: set net.dpdk.addresses, e.g. 10.77.0.1/24");
  if (config.port == 0 && config.ssl_port == 0)
    problems.emplace_back("no port: set net.dpdk.port or net.dpdk.ssl_port");
  const bool has_vdev = config.eal_arguments.find("--vdev") != std::string::npos;
  if (!has_vdev && !is_pci_address(config.device))
    problems.emplace_back(
        "no device: set net.dpdk.device to a PCI address (dpdk-devbind.py --status-dev net), or a "
        "vdev by net.dpdk.eal_arguments (--vdev=net_af_packet0,iface=eth1)");
}

void check_hugepages(const DpdkConfig& config, const MachineFiles& files, Problems& problems) {
  if (!config.hugepages) return;
  std::uint64_t free = 0;
  std::error_code error;
  for (const auto& size : fs::directory_iterator(files.root + "/sys/kernel/mm/hugepages", error))
    free += read_number(size.path() / "free_hugepages");
  if (free == 0)
    problems.emplace_back(
        "no free hugepages: echo 512 > /proc/sys/vm/nr_hugepages; or without them, for devices "
        "that are software: net.dpdk.hugepages = false");
}

void check_driver(const DpdkConfig& config, const MachineFiles& files, Problems& problems) {
  if (!is_pci_address(config.device)) return;
  std::error_code error;
  const fs::path device = files.root + "/sys/bus/pci/devices/" + config.device;
  if (!fs::exists(device, error)) {
    problems.push_back(
        fmt::format("there is no PCI device {}: dpdk-devbind.py --status-dev net "
                    "lists them",
                    config.device));
    return;
  }
  const std::string driver = fs::read_symlink(device / "driver", error).filename().string();
  // Mellanox's devices are used beside the kernel's driver.
  if (driver == "vfio-pci" || driver == "uio_pci_generic" || driver.starts_with("mlx")) return;
  problems.push_back(fmt::format(
      "device {} is with the driver {}: dpdk-devbind.py --bind=vfio-pci {} (its address in the "
      "kernel is gone then)",
      config.device, driver.empty() ? "none" : driver, config.device));
}

void check_vfio(const DpdkConfig& config, const MachineFiles& files, Problems& problems) {
  if (!is_pci_address(config.device)) return;
  const std::string vfio = files.root + "/dev/vfio/vfio";
  if (access(vfio.c_str(), F_OK) != 0) {
    problems.emplace_back("vfio is not loaded: modprobe vfio-pci");
  } else if (access(vfio.c_str(), R_OK | W_OK) != 0) {
    problems.push_back(
        fmt::format("this user may not use {}: chown it and /dev/vfio/* to the "
                    "broker's user, or run as root",
                    vfio));
  }
  std::error_code error;
  const fs::path groups = files.root + "/sys/kernel/iommu_groups";
  if (!fs::exists(groups, error) || fs::is_empty(groups, error))
    problems.emplace_back(
        "there is no IOMMU: boot with intel_iommu=on iommu=pt (or amd_iommu=on), and turn VT-d on "
        "in the firmware; in a virtual machine: echo 1 > "
        "/sys/module/vfio/parameters/enable_unsafe_noiommu_mode");
}

}  // namespace

std::vector<std::string> find_bypass_problems(const DpdkConfig& config, const MachineFiles& files) {
  Problems problems;
  check_modules(config, problems);
  check_settings(config, problems);
  check_hugepages(config, files, problems);
  check_driver(config, files, problems);
  check_vfio(config, files, problems);
  return problems;
}

BypassCheck check_bypass(const DpdkConfig& config) {
  BypassCheck check{find_bypass_problems(config, {}), {}};
  if (!check.problems.empty()) return check;
  NodeBypass bypass;
  if (std::string error = bypass.open(config, 1); !error.empty()) {
    check.problems.push_back(std::move(error));
    return check;
  }
  check.device = bypass.describe();
  if (!bypass.is_link_up())
    check.problems.push_back(
        fmt::format("{}: the link is down: look at the cable and the other end", check.device));
  return check;
}

}  // namespace lepus::server
