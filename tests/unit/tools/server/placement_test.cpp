// The rules of placement on machines made up from hwloc's synthetic descriptions.
#include "tools/server/placement/placement.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <string>

#include "tools/server/placement/placement_locks.h"
#include "tools/server/placement/placement_machine.h"

namespace lepus::server {
namespace {

Machine machine_of(const std::string& description) {
  MachineResult result = synthetic_machine(description);
  EXPECT_TRUE(result.ok()) << result.error;
  return std::move(result.machine);
}

std::vector<unsigned> cpus_of(const PlacementResult& result) {
  EXPECT_TRUE(result.ok()) << result.error;
  std::vector<unsigned> cpus;
  for (const ShardPlace& place : result.placement.shards) cpus.push_back(place.cpu.number);
  return cpus;
}

using Cpus = std::vector<unsigned>;

TEST(Placement, OneCoreIsLeftFree) {
  for (const unsigned cores : {2U, 3U, 4U, 16U}) {
    const auto result = place({}, machine_of("core:" + std::to_string(cores) + " pu:1"));
    EXPECT_EQ(result.placement.shards.size(), cores - 1);
    EXPECT_EQ(result.placement.control_cpus, Cpus{cores - 1});
    EXPECT_TRUE(result.placement.pin);
    EXPECT_TRUE(result.placement.warnings.empty());
  }
  const auto only = place({}, machine_of("core:1 pu:1"));
  EXPECT_EQ(cpus_of(only), Cpus{0});
  EXPECT_EQ(only.placement.control_cpus, Cpus{0});
}

TEST(Placement, PollingOnEveryCoreIsWarnedOf) {
  ServerConfig config;
  config.idle = IdleMode::poll;
  EXPECT_TRUE(place(config, machine_of("core:2 pu:1")).placement.warnings.empty());
  config.shards = 2;
  const auto full = place(config, machine_of("core:2 pu:1"));
  ASSERT_EQ(full.placement.warnings.size(), 1U);
  EXPECT_NE(full.placement.warnings[0].find("idle = poll with a shard on every core"),
            std::string::npos);
  config.pin = PinMode::off;
  EXPECT_EQ(place(config, machine_of("core:4 pu:1")).placement.warnings.size(), 1U);
}

TEST(Placement, SmtSiblingsAreLeftAlone) {
  // hwloc numbers the siblings of a synthetic core one after the other: 0+1, 2+3, ...
  const auto result = place({}, machine_of("core:4 pu:2"));
  EXPECT_EQ(cpus_of(result), (Cpus{0, 2, 4}));
  EXPECT_EQ(result.placement.shards[1].smt_siblings, Cpus{3});
  EXPECT_EQ(result.placement.control_cpus, (Cpus{6, 7}));
}

TEST(Placement, CpusetNamesSiblingsToUseThem) {
  ServerConfig config;
  config.cpuset = {2, 3, 6};
  const auto result = place(config, machine_of("core:4 pu:2"));
  EXPECT_EQ(cpus_of(result), (Cpus{2, 3, 6}));
  EXPECT_EQ(result.placement.control_cpus, (Cpus{0, 1, 4, 5}));
}

TEST(Placement, StaysInsideTheAllowedCpus) {
  Machine machine = machine_of("core:8 pu:1");
  machine.allowed = {false, true, true, false, false, true, false, false};
  EXPECT_EQ(cpus_of(place({}, machine)), (Cpus{1, 2}));
  ServerConfig config;
  config.cpuset = {0, 1, 3, 12};
  const auto refused = place(config, machine);
  EXPECT_EQ(refused.error, "cpuset: this process may not use CPU 0,3,12; it may use 1-2,5");
}

TEST(Placement, FillsTheNodeWithMostCoresFirst) {
  Machine machine = machine_of("node:2 core:4 pu:1");
  machine.allowed = {true, false, false, false, true, true, true, true};
  ServerConfig config;
  config.shards = 4;
  const auto result = place(config, machine);
  EXPECT_EQ(cpus_of(result), (Cpus{4, 5, 6, 7}));
  EXPECT_EQ(result.placement.shards[0].cpu.node, 1U);
  EXPECT_TRUE(result.placement.warnings.empty());
  config.shards = 5;
  const auto spread = place(config, machine);
  EXPECT_EQ(cpus_of(spread), (Cpus{4, 5, 6, 7, 0}));
  ASSERT_EQ(spread.placement.warnings.size(), 1U);
  EXPECT_NE(spread.placement.warnings[0].find("NUMA nodes 0,1"), std::string::npos);
}

TEST(Placement, MoreShardsThanCpusAreNotPinned) {
  ServerConfig config;
  config.shards = 3;
  auto result = place(config, machine_of("core:2 pu:1"));
  EXPECT_EQ(cpus_of(result), (Cpus{0, 1, 0}));
  EXPECT_FALSE(result.placement.pin);
  EXPECT_EQ(result.placement.warnings.size(), 1U);
  config.pin = PinMode::on;
  EXPECT_TRUE(place(config, machine_of("core:2 pu:1")).placement.pin);
}

TEST(Placement, QuotaTurnsPinningOff) {
  Machine machine = machine_of("core:4 pu:1");
  machine.cpu_quota = 1.5;
  EXPECT_EQ(place({}, machine).placement.shards.size(), 1U);
  machine.cpu_quota = 3;
  EXPECT_EQ(place({}, machine).placement.shards.size(), 2U);
  machine.cpu_quota = 1.5;
  ServerConfig three;
  three.shards = 3;
  const auto result = place(three, machine);
  EXPECT_FALSE(result.placement.pin);
  EXPECT_EQ(result.placement.warnings,
            (std::vector<std::string>{
                "the cgroup has a quota of 1.50 CPUs: shards are not pinned",
                "3 shards can use up a quota of 1.50 CPUs and are then all stopped for the rest of "
                "its period; set `shards` to at most the quota"}));
  ServerConfig forced;
  forced.pin = PinMode::on;
  forced.shards = 1;
  const auto pinned = place(forced, machine);
  EXPECT_TRUE(pinned.placement.pin);
  EXPECT_EQ(pinned.placement.warnings.size(), 1U);
}

TEST(Placement, Table) {
  const Machine machine = machine_of("node:2 core:1 pu:2");
  ServerConfig two;
  two.shards = 2;
  EXPECT_EQ(format_placement(place(two, machine).placement, machine),
            "thread     cpu  core  node  smt siblings\n"
            "shard-0      0     0     0  1\n"
            "shard-1      2     1     1  3\n"
            "control    0-3\n"
            "pinned: yes; CPUs of the machine: 4, allowed: 4, quota: none\n"
            "warning: shards are spread over NUMA nodes 0,1: messages between them cross sockets; "
            "name the CPUs of one node in `cpuset` if it is enough\n");
}

TEST(Placement, CpuLists) {
  EXPECT_EQ(format_cpu_list({}), "");
  EXPECT_EQ(format_cpu_list({0, 2, 3, 4, 7}), "0,2-4,7");
}

TEST(PlacementMachine, TheRealOneHasThisProcessOnIt) {
  const MachineResult result = read_machine();
  ASSERT_TRUE(result.ok()) << result.error;
  EXPECT_TRUE(place({}, result.machine).ok());
}

TEST(PlacementMachine, CpuMax) {
  EXPECT_EQ(parse_cpu_max("max 100000\n"), std::nullopt);
  EXPECT_EQ(parse_cpu_max("150000 100000\n"), 1.5);
  EXPECT_EQ(parse_cpu_max("-1 100000"), std::nullopt);
  EXPECT_EQ(parse_cpu_max("50000 0"), std::nullopt);
  EXPECT_EQ(parse_cpu_max(""), std::nullopt);
}

TEST(PlacementLocks, OverlapIsNoticedUntilTheOtherIsGone) {
  std::string directory = testing::TempDir() + "lepus-locks-XXXXXX";
  ASSERT_NE(mkdtemp(directory.data()), nullptr);
  const Machine machine = machine_of("core:4 pu:1");
  ServerConfig config;
  config.cpuset = {1, 2};
  const Placement first = place(config, machine).placement;
  config.cpuset = {2, 3};
  const Placement second = place(config, machine).placement;
  {
    PlacementLocks mine;
    EXPECT_EQ(mine.take(first, directory), "");
    PlacementLocks other;
    const std::string warning = other.take(second, directory);
    EXPECT_NE(warning.find("CPU 2 is used by another pinned lepus"), std::string::npos) << warning;
    EXPECT_NE(warning.find("pid " + std::to_string(getpid())), std::string::npos) << warning;
    Placement unpinned = second;
    unpinned.pin = false;
    PlacementLocks third;
    EXPECT_EQ(third.take(unpinned, directory), "");
  }
  PlacementLocks later;
  EXPECT_EQ(later.take(second, directory), "");
  std::filesystem::remove_all(directory);
}

}  // namespace
}  // namespace lepus::server
