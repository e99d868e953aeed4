// On which CPUs interrupts of network cards arrive, from made-up files of the kernel.
#include "tools/server/placement/network_interrupts.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "tools/server/http_api/objects/placement_json.h"

namespace lepus::server {
namespace {

using Cpus = std::vector<unsigned>;

class NetworkInterruptsTest : public ::testing::Test {
 protected:
  NetworkInterruptsTest() {
    std::string name = std::filesystem::temp_directory_path() / "lepus-irqs-XXXXXX";
    EXPECT_NE(mkdtemp(name.data()), nullptr);
    root_ = name;
  }
  ~NetworkInterruptsTest() override { std::filesystem::remove_all(root_); }
  void file(const std::string& path, const std::string& text = {}) {
    const std::filesystem::path whole = root_ + path;
    std::filesystem::create_directories(whole.parent_path());
    std::ofstream(whole) << text << "\n";
  }

  std::string root_;
};

TEST(CpuList, RangesAndSingleOnes) {
  EXPECT_EQ(read_cpu_list("0-3,8", 64), (Cpus{0, 1, 2, 3, 8}));
  EXPECT_EQ(read_cpu_list("5,5,1", 64), (Cpus{1, 5}));
  EXPECT_EQ(read_cpu_list("0-4294967295", 4), (Cpus{0, 1, 2, 3}));
  EXPECT_EQ(read_cpu_list("", 64), Cpus{});
  EXPECT_EQ(read_cpu_list("2,x", 64), Cpus{2});
  EXPECT_EQ(read_cpu_list("2-", 64), Cpus{});
}

TEST_F(NetworkInterruptsTest, CardsWithInterrupts) {
  file("/sys/class/net/eth1/device/msi_irqs/31");
  file("/sys/class/net/eth1/device/msi_irqs/32");
  file("/proc/irq/31/effective_affinity_list", "2");
  file("/proc/irq/32/smp_affinity_list", "0-1");
  file("/sys/class/net/lo/mtu");
  const auto cards = read_network_cards(root_, 8);
  ASSERT_EQ(cards.size(), 1U);
  EXPECT_EQ(cards[0].name, "eth1");
  EXPECT_EQ(cards[0].irq_count, 2U);
  EXPECT_EQ(cards[0].cpus, (Cpus{0, 1, 2}));
}

TEST_F(NetworkInterruptsTest, NothingIsThere) { EXPECT_TRUE(read_network_cards(root_, 8).empty()); }

TEST(PlacementJson, WhoIsWhere) {
  Placement placement;
  placement.pin = true;
  placement.machine.cpus = {{0, 0, 0}, {1, 1, 0}};
  placement.machine.allowed = {true, false};
  placement.shards.push_back({.shard = 0, .cpu = {1, 1, 0}, .smt_siblings = {}});
  placement.control_cpus = {0};
  placement.warnings = {"look"};
  JsonWriter json;
  write_placement(placement, {{"eth0", 2, {0}}}, json);
  EXPECT_EQ(json.take(),
            R"({"pinned":true,"cpus":[{"cpu":0,"core":0,"node":0,"allowed":true,"shards":[],)"
            R"("helpers":true,"network":["eth0"]},{"cpu":1,"core":1,"node":0,"allowed":false,)"
            R"("shards":[0],"helpers":false,"network":[]}],"network":[{"name":"eth0","irqs":2,)"
            R"("cpus":[0]}],"warnings":["look"]})");
}

}  // namespace
}  // namespace lepus::server
