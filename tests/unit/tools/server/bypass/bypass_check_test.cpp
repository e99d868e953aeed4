// --check-dpdk against files of a machine that a test made.
#include "tools/server/bypass/bypass_check.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>

#include "tests/unit/io/temporary_directory.h"

namespace lepus::server {
namespace {

namespace fs = std::filesystem;

bool has(const std::vector<std::string>& problems, std::string_view part) {
  return std::any_of(problems.begin(), problems.end(), [part](const std::string& one) {
    return one.find(part) != std::string::npos;
  });
}

DpdkConfig with_pci_device() {
  DpdkConfig config;
  config.addresses = {"10.77.0.1/24"};
  config.device = "0000:03:00.0";
  return config;
}

TEST(BypassCheck, NamesWhatIsNotSet) {
  const io::TemporaryDirectory machine;
  const auto problems = find_bypass_problems({}, {machine / "."});
  EXPECT_TRUE(has(problems, "set net.dpdk.addresses"));
  EXPECT_TRUE(has(problems, "set net.dpdk.device"));
  EXPECT_TRUE(has(problems, "nr_hugepages"));
}

TEST(BypassCheck, NamesWhatAPciDeviceMisses) {
  const io::TemporaryDirectory machine;
  const DpdkConfig config = with_pci_device();
  EXPECT_TRUE(has(find_bypass_problems(config, {machine / "."}), "no PCI device 0000:03:00.0"));
  const fs::path device = machine / "sys/bus/pci/devices/0000:03:00.0";
  fs::create_directories(device);
  fs::create_directories(machine / "drivers/ixgbe");
  fs::create_symlink(machine / "drivers/ixgbe", device / "driver");
  const auto problems = find_bypass_problems(config, {machine / "."});
  EXPECT_TRUE(has(problems, "--bind=vfio-pci 0000:03:00.0"));
  EXPECT_TRUE(has(problems, "modprobe vfio-pci"));
  EXPECT_TRUE(has(problems, "iommu=pt"));
}

TEST(BypassCheck, IsSilentAboutWhatIsThere) {
  const io::TemporaryDirectory machine;
  const fs::path device = machine / "sys/bus/pci/devices/0000:03:00.0";
  const fs::path pages = machine / "sys/kernel/mm/hugepages/hugepages-2048kB";
  for (const fs::path& path :
       {device, pages, fs::path(machine / "drivers/vfio-pci"), fs::path(machine / "dev/vfio"),
        fs::path(machine / "sys/kernel/iommu_groups/1")})
    fs::create_directories(path);
  fs::create_symlink(machine / "drivers/vfio-pci", device / "driver");
  std::ofstream(pages / "free_hugepages") << 512;
  std::ofstream(machine / "dev/vfio/vfio") << "";
  for (const std::string& problem : find_bypass_problems(with_pci_device(), {machine / "."}))
    EXPECT_TRUE(problem.starts_with("module ")) << problem;
}

}  // namespace
}  // namespace lepus::server
