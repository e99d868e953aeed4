// The file that says how far a journal has come: what it says, when, and when it says nothing.
#include "persist/journal/newest_segment_file.h"

#include "tests/unit/persist/journal/journal_world.h"
#include "tests/unit/persist/memory_disk.h"

namespace lepus::persist::test {
namespace {

constexpr const char* newest_path = "data/journal/shard-0/newest";
constexpr JournalIdentity own{0, 7};

class NewestSegmentFileTest : public ::testing::Test {
 protected:
  void open(std::uint64_t segment) {
    NewestSegmentFile file(loop, disk, log);
    file.open("data/journal/shard-0", own, segment);
  }
  std::uint64_t read(const JournalIdentity& identity = own) {
    return read_newest_segment(disk, "data/journal/shard-0", identity);
  }

  io::SimWorld world{1, {}};
  io::SimDriver driver{world};
  io::Loop loop{driver, io::IdlePolicy{io::IdleMode::sleep, 0}};
  MemoryDisk disk;
  TextLog log;
};

TEST_F(NewestSegmentFileTest, SaysWhatWasWritten) {
  EXPECT_EQ(read(), 0u);
  open(5);
  EXPECT_EQ(read(), 5u);
  EXPECT_EQ(disk.files.at(newest_path).size(), block_size);
  open(3);
  EXPECT_EQ(read(), 3u) << "a loss was accepted";
  EXPECT_EQ(disk.open_count, 0);
}

TEST_F(NewestSegmentFileTest, OfAnotherJournalOrDamagedItSaysNothing) {
  open(5);
  EXPECT_EQ(read({1, 7}), 0u);
  EXPECT_EQ(read({0, 8}), 0u);
  for (std::size_t at = 0; at < sizeof(NewestBlock); ++at) {
    disk.files.at(newest_path)[at] ^= 1;
    EXPECT_EQ(read(), 0u) << at;
    disk.files.at(newest_path)[at] ^= 1;
  }
  EXPECT_EQ(read(), 5u);
  disk.files.at(newest_path).resize(20);
  EXPECT_EQ(read(), 0u);
}

TEST_F(NewestSegmentFileTest, AFaultIsSaidOnce) {
  disk.write_error = -ENOSPC;
  NewestSegmentFile file(loop, disk, log);
  file.open("data/journal/shard-0", own, 5);
  file.note(6);
  EXPECT_EQ(log.times("whether the newest journal files are all there will not be known"), 1u);
  EXPECT_EQ(loop.ops_in_flight(), 0u);
}

TEST(NewestSegmentOfAJournal, FollowsItsSegments) {
  JournalWorld world{1};
  ASSERT_EQ(world.start(), "");
  const auto read = [&] {
    return read_newest_segment(world.world.disk(), JournalWorld::directory, own);
  };
  EXPECT_EQ(read(), 0u);
  std::uint64_t before = 0;
  for (int i = 0; i < 100; ++i) {
    world.publish({1}, 4000);
    world.turn();
    EXPECT_LE(read(), world.journal().view().writer.files().segment());
    EXPECT_GE(read(), before);
    before = read();
  }
  ASSERT_TRUE(world.settle_down());
  EXPECT_GT(before, 4u);
  EXPECT_EQ(read(), world.journal().view().writer.files().segment());
}

/// After a kill nothing but this file knows of the segment.
TEST(NewestSegmentOfAJournal, AMissingFileStopsTheStartAfterAKill) {
  JournalWorld world{1};
  ASSERT_EQ(world.start(), "");
  for (int i = 0; i < 40; ++i) {
    world.publish({1}, 4000);
    world.turn();
  }
  ASSERT_TRUE(world.settle_down());
  const std::uint64_t newest = world.journal().view().writer.files().segment();
  const std::string path = world.segments().path_of(newest);
  world.crash(false);
  ASSERT_EQ(world.world.disk().remove(path), 0);
  const std::string error = world.start();
  EXPECT_NE(
      error.find(fmt::format("the newest files are gone: the journal had segment {}", newest)),
      std::string::npos)
      << error;
}

TEST(NewestSegmentOfAJournal, CrashesNeverMakeItSayTooMuch) {
  for (std::uint64_t seed = 1; seed <= 60; ++seed) {
    JournalWorld world{seed, {.delay_ns_max = 20 * core::nanos_per_ms}};
    ASSERT_EQ(world.start(), "");
    for (int round = 0; round < 4; ++round) {
      for (std::uint64_t i = 0; i < 10 + seed % 7; ++i) {
        world.publish({1}, 9000);
        world.turn();
      }
      world.crash(seed % 2 == 0);
      ASSERT_EQ(world.start(), "") << "seed " << seed << " round " << round;
    }
  }
}

}  // namespace
}  // namespace lepus::persist::test
