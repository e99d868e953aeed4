// Opening what a shard kept on disk: what stops it, and what an accepted loss does.
#include "persist/recovery/shard_recovery.h"

#include "io/sim/sim_driver.h"
#include "persist/recovery/kept_aside.h"
#include "tests/unit/persist/journal/journal_world.h"

namespace lepus::persist::test {
namespace {

constexpr const char* kept_there = "data/journal/kept-aside-then";

/// A journal whose queue 5 the catalog does not know: it is as of queue 4.
class ShardRecoveryTest : public ::testing::Test {
 protected:
  ShardRecoveryTest() {
    EXPECT_EQ(world.start(), "");
    for (int i = 0; i < 3; ++i) world.publish({5}, 10);
    world.publish({1, 5}, 10);
    EXPECT_TRUE(world.settle_down());
    world.crash(false);
    for (std::uint64_t queue = 1; queue <= 4; ++queue) known.add({.id = core::QueueId{queue}});
    known.set_newest(4);
  }

  std::string open(const ShardRecovery::Expected& expected) {
    io::SimDriver driver(world.world);
    io::Loop loop(driver, io::IdlePolicy{io::IdleMode::sleep, 0});
    Journal::Parts parts{};
    parts.loop = &loop;
    parts.disk = &world.world.disk();
    parts.log = &log;
    parts.directory = JournalWorld::directory;
    parts.store = 7;
    parts.segment_size = JournalWorld::segment_size;
    ShardRecovery store(parts);
    std::string error = store.open(known, expected);
    if (error.empty()) own_count = store.report().queues.count();
    for (int i = 0; i < 50 && error.empty(); ++i) {
      store.journal().flush();
      loop.run_turn();
      (void)world.world.next_runnable(world.world.now() + core::nanos_per_s);
    }
    return error;
  }
  RecoveryReport look(const std::string& directory) {
    return recover(world.world.disk(), directory, {.shard = 0, .store = 7});
  }

  JournalWorld world{1};
  KnownQueues known;
  TextLog log;
  std::uint64_t own_count = 0;
};

TEST_F(ShardRecoveryTest, UnknownQueuesStopTheStart) {
  const std::string error = open({});
  EXPECT_NE(error.find("4 messages of 1 queues that the catalog does not know (id 5: 4)"),
            std::string::npos)
      << error;
  EXPECT_EQ(look(JournalWorld::directory).queues.count(5), 4u);
}

TEST_F(ShardRecoveryTest, AnAcceptedLossIsKeptAside) {
  ASSERT_EQ(open({0, true, kept_there}), "");
  EXPECT_EQ(own_count, 1u);
  EXPECT_EQ(log.times("messages of unknown queues are kept aside"), 1u);
  EXPECT_EQ(look(JournalWorld::directory).queues.count(5), 0u);
  EXPECT_EQ(look(JournalWorld::directory).queues.count(1), 1u);
  const RecoveryReport aside = look(shard_directory(kept_there, 0));
  EXPECT_EQ(aside.queues.ids(), std::vector<std::uint64_t>{5});
  EXPECT_EQ(aside.queues.count(5), 4u);
  EXPECT_EQ(open({}), "") << "it is said once";
}

TEST_F(ShardRecoveryTest, WhatCannotBeKeptAsideStopsTheStart) {
  const std::string target = shard_directory(kept_there, 0);
  ASSERT_EQ(world.world.disk().make_directory(target), 0);
  const int fd =
      world.world.disk().open(segment_file_path(target, 0), {.write = true, .create = true});
  ASSERT_GE(fd, 0);
  world.world.disk().close(fd);
  const std::string error = open({0, true, kept_there});
  EXPECT_NE(error.find("cannot be kept aside"), std::string::npos) << error;
  EXPECT_EQ(look(JournalWorld::directory).queues.count(5), 4u);
}

/// After a while all segments are younger than its records, which looked dead to a later start.
TEST_F(ShardRecoveryTest, AFileWithALostHeaderIsNeverUsedAgain) {
  known.add({.id = core::QueueId{5}});
  known.set_newest(5);
  io::SimDisk& disk = world.world.disk();
  const std::string path = segment_file_path(JournalWorld::directory, 0);
  std::vector<std::uint8_t> before(JournalWorld::segment_size);
  const auto read = [&](const std::string& name, std::vector<std::uint8_t>& bytes) {
    const int fd = disk.open(name, {.write = true});
    if (fd < 0) return false;
    EXPECT_EQ(disk.read(fd, 0, bytes.data(), bytes.size()), bytes.size());
    disk.close(fd);
    return true;
  };
  const int fd = disk.open(path, {.write = true});
  ASSERT_GE(fd, 0);
  EXPECT_EQ(disk.write(fd, 16, core::as_bytes("damage")), 0);
  disk.close(fd);
  ASSERT_TRUE(read(path, before));
  EXPECT_NE(open({0, false, kept_there}).find("the newest files are gone"), std::string::npos);
  ASSERT_EQ(open({0, true, kept_there}), "");
  EXPECT_EQ(log.times("a journal file with a damaged header is kept aside"), 1u);
  const std::string moved = std::string(kept_there) + "/lost-header-shard-0-000000.seg";
  for (int i = 0; i < 5; ++i) {
    std::vector<std::uint8_t> after(before.size());
    ASSERT_TRUE(read(moved, after));
    EXPECT_EQ(after, before);
    ASSERT_EQ(open({}), "");
  }
  EXPECT_EQ(log.times("a journal file with a damaged header is kept aside"), 1u);
}

}  // namespace
}  // namespace lepus::persist::test
