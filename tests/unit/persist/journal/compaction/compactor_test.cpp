// What old messages may keep of the disk, what is moved and how, and the files given back. The
// model and the crashes are in journal_world.h.
#include "persist/journal/compaction/compactor.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <vector>

#include "core/limits.h"
#include "tests/unit/persist/journal/journal_world.h"

namespace lepus::persist {
namespace {

using test::Content;
using test::JournalWorld;
using test::Position;

constexpr std::uint64_t segment_size = JournalWorld::segment_size;
constexpr std::uint64_t slack = core::limits::journal_slack_segments * segment_size;
constexpr const char* stuck_event = "an old journal file cannot be emptied";

class CompactorTest : public ::testing::Test {
 protected:
  void SetUp() override { ASSERT_EQ(world_.start(), ""); }

  /// Messages that come and go at queue 5, `segments` segments full.
  void pass_by(std::uint64_t segments) {
    const std::uint64_t end = world_.segments().next_number() + segments;
    while (world_.segments().next_number() < end) {
      world_.publish({5}, 4000);
      world_.settle_unless([](const Position& at) { return at.first != 5; });
      world_.turn();
    }
  }
  void restart(bool power_cut) {
    const Content before = world_.content();
    world_.crash(power_cut);
    ASSERT_EQ(world_.start(), "");
    EXPECT_EQ(world_.content(), before);
  }
  void damage(const core::RecordLocation& record) {
    io::SimDisk& disk = world_.world.disk();
    const int fd = disk.open(world_.segments().path_of(record.segment), {.write = true});
    ASSERT_GE(fd, 0);
    EXPECT_EQ(disk.write(fd, record.offset + record.size - 50, core::as_bytes("damage")), 0);
    disk.close(fd);
  }
  core::RecordLocation place(const Position& at) { return world_.held.at(at)->place(); }
  void expect_live_bytes() { EXPECT_EQ(world_.segments().live_bytes(), world_.live_bytes()); }

  JournalWorld world_{1};
};

TEST_F(CompactorTest, OneOldMessageDoesNotPinTheRest) {
  world_.publish({1}, 100);
  const auto enqueued_ms = static_cast<std::uint64_t>(world_.loop().now() / core::nanos_per_ms);
  const std::uint64_t first = place({1, 0}).segment;
  std::uint64_t most = 0;
  for (int i = 0; i < 40; ++i) {
    pass_by(1);
    most = std::max(most, world_.segments().in_use_bytes());
  }
  EXPECT_LE(most, 2 * world_.live_bytes() + slack + 2 * segment_size);
  EXPECT_GT(place({1, 0}).segment, first);
  EXPECT_GT(world_.journal().view().compactor.moved_count(), 2U);
  ASSERT_TRUE(world_.settle_down());
  expect_live_bytes();
  EXPECT_LE(world_.file_bytes(), slack + 8 * segment_size);
  restart(true);
  const RecoveryReport report =
      recover(world_.world.disk(), JournalWorld::directory, {.shard = 0, .store = 7});
  report.queues.for_each(1, [&](const LiveEntry& entry) {
    EXPECT_NEAR(static_cast<double>(entry.message.enqueued_ms), static_cast<double>(enqueued_ms),
                1);
  });
  EXPECT_EQ(report.queues.count(1), 1U);
}

TEST_F(CompactorTest, NothingIsMovedBelowTheBound) {
  world_.publish({1}, 100);
  pass_by(3);
  world_.turns(50);
  EXPECT_EQ(world_.journal().view().compactor.moved_count(), 0U);
}

TEST_F(CompactorTest, AMessageOfSeveralQueuesKeepsOneRecord) {
  world_.publish({1, 2, 3}, 100);
  const core::RecordLocation before = place({1, 0});
  world_.settle({2, 0});
  pass_by(8);
  ASSERT_TRUE(world_.settle_down());
  EXPECT_NE(place({1, 0}), before);
  EXPECT_EQ(place({1, 0}), place({3, 0}));
  EXPECT_EQ(place({1, 0}).size, before.size - sizeof(QueueRef)) << "without the queue that is done";
  expect_live_bytes();
  restart(false);
  // Each queue has a message of its own now.
  ASSERT_NE(world_.held.at({1, 0}).get(), world_.held.at({3, 0}).get());
  const core::RecordLocation again = place({1, 0});
  EXPECT_EQ(again, place({3, 0}));
  pass_by(8);
  ASSERT_TRUE(world_.settle_down());
  EXPECT_NE(place({1, 0}), again);
  EXPECT_EQ(place({1, 0}), place({3, 0}));
  expect_live_bytes();
  world_.settle({1, 0});
  world_.settle({3, 0});
  pass_by(3);
  ASSERT_TRUE(world_.settle_down());
  EXPECT_EQ(world_.segments().live_bytes(), 0U);
  restart(true);
}

TEST_F(CompactorTest, ABacklogThatIsAllLiveIsNotTouched) {
  while (world_.segments().next_number() < 30) {
    world_.publish({1}, 3000);
    world_.turn();
  }
  ASSERT_TRUE(world_.settle_down());
  EXPECT_EQ(world_.journal().view().compactor.moved_count(), 0U);
}

TEST_F(CompactorTest, ABacklogInFrontRotatesWithTheTraffic) {
  for (int i = 0; i < 200; ++i) world_.publish({1}, 3000);
  const std::uint64_t live = world_.live_bytes();
  pass_by(60);
  ASSERT_TRUE(world_.settle_down());
  EXPECT_LE(world_.segments().in_use_bytes(), 2 * live + slack);
  expect_live_bytes();
  restart(true);
}

TEST_F(CompactorTest, RecordsLargerThanASegmentAreMovedAndTheirFilesGo) {
  world_.publish({1}, 1'500'000);
  ASSERT_TRUE(world_.settle_down());
  EXPECT_GT(world_.pool().disk_bytes(), 1'500'000U);
  const core::RecordLocation before = place({1, 0});
  pass_by(50);  // More than it is worth.
  ASSERT_TRUE(world_.settle_down());
  EXPECT_NE(place({1, 0}), before);
  expect_live_bytes();
  restart(false);
  world_.settle({1, 0});
  pass_by(2);
  ASSERT_TRUE(world_.settle_down());
  EXPECT_LT(world_.file_bytes(), 12 * segment_size);
  EXPECT_EQ(world_.segment_file_bytes(), world_.pool().disk_bytes());
}

TEST_F(CompactorTest, WhatTheDiskDamagedIsSavedFromMemory) {
  world_.publish({1}, 100);
  world_.publish({2}, 100);
  world_.turns(20);
  const core::RecordLocation damaged = place({1, 0});
  damage(damaged);
  pass_by(8);
  ASSERT_TRUE(world_.settle_down());
  EXPECT_NE(place({1, 0}), damaged);
  EXPECT_NE(place({2, 0}).segment, damaged.segment);
  restart(true);
}

TEST_F(CompactorTest, AMessageOnDiskAloneIsMovedAsItLiesThere) {
  world_.cold_queue = 1;
  const core::RecordLocation before = [&] {
    world_.publish({1}, 100);
    world_.publish({1}, 3 * core::limits::compaction_piece / 2);
    return place({1, 1});
  }();
  pass_by(20);
  ASSERT_TRUE(world_.settle_down());
  EXPECT_NE(place({1, 1}), before);
  EXPECT_TRUE(world_.lost.empty());
  restart(true);
}

TEST_F(CompactorTest, AMessageOnDiskAloneWhoseRecordIsDamagedIsCopiedBeforeItGoes) {
  world_.cold_queue = 1;
  world_.publish({1}, 100);
  world_.publish({1}, 200);
  ASSERT_TRUE(world_.settle_down());
  const core::RecordLocation damaged = place({1, 0});
  damage(damaged);
  pass_by(20);
  ASSERT_TRUE(world_.settle_down());
  EXPECT_EQ(world_.lost, (std::vector<Position>{{1, 0}}));
  EXPECT_EQ(world_.log.times("a message left its queue"), 1U);
  std::vector<std::string> copies;
  ASSERT_GE(world_.world.disk().list("data/journal/damaged-records", copies), 0);
  const std::string name =
      fmt::format("shard-0-segment-{}-offset-{}.record", damaged.segment, damaged.offset);
  EXPECT_EQ(copies, std::vector<std::string>{name});
  const int fd = world_.world.disk().open("data/journal/damaged-records/" + name, {});
  ASSERT_GE(fd, 0);
  EXPECT_EQ(world_.world.disk().size(fd), damaged.size);
  world_.world.disk().close(fd);
  EXPECT_TRUE(world_.held.contains({1, 1}));
  restart(true);
}

TEST_F(CompactorTest, WhatNobodyHoldsIsSaidOnceAndKept) {
  struct : core::RecordOwner {
    std::optional<core::LocatedRecord> locate(const core::QueuePosition&) override { return {}; }
    void on_moved(const core::QueuePosition&, const core::RecordLocation&) override {}
    bool on_fetched(const core::QueuePosition&, const core::RecordLocation&,
                    core::MessageRef) override {
      return false;
    }
    void on_lost(const core::QueuePosition&) override {}
    core::MemoryAccount& memory_of_fetched() override { return account; }
    core::MemoryAccount account;
  } nobody;
  world_.publish({1}, 100);
  const core::RecordLocation before = place({1, 0});
  world_.journal().set_record_owner(&nobody);
  pass_by(20);
  EXPECT_EQ(world_.log.times(stuck_event), 1U);
  EXPECT_EQ(place({1, 0}), before);
  EXPECT_FALSE(world_.journal().is_behind()) << "publishers need not wait for what never comes";
  // It is tried again after a while.
  world_.journal().set_record_owner(&world_);
  const core::Nanos end = world_.world.now() + 2 * core::limits::compaction_retry;
  while (world_.world.now() < end) world_.turn();
  EXPECT_NE(place({1, 0}), before);
  EXPECT_EQ(world_.log.times(stuck_event), 1U);
  restart(false);
}

TEST_F(CompactorTest, NothingIsReadOnceTheShardStops) {
  world_.publish({1}, 100);
  world_.journal().stop_moving();
  pass_by(10);
  ASSERT_TRUE(world_.settle_down());
  EXPECT_EQ(world_.journal().view().compactor.moved_count(), 0U);
  EXPECT_FALSE(world_.journal().is_behind());
}

// --- Files

TEST_F(CompactorTest, FilesGoWhenABacklogIsGone) {
  while (world_.segments().next_number() < 60) {
    world_.publish({1}, 3000);
    world_.turn();
  }
  ASSERT_TRUE(world_.settle_down());
  EXPECT_GT(world_.file_bytes(), 55 * segment_size);
  world_.settle_unless([](const Position&) { return false; });
  ASSERT_TRUE(world_.settle_down());
  EXPECT_LE(world_.file_bytes(), 8 * segment_size);
  EXPECT_EQ(world_.segment_file_bytes(), world_.pool().disk_bytes());
  restart(true);
  // Their names are used again.
  while (world_.segments().next_number() < 90) {
    world_.publish({1}, 3000);
    world_.turn();
  }
  ASSERT_TRUE(world_.settle_down());
  EXPECT_EQ(world_.world.disk().find(segment_file_path(JournalWorld::directory, 70)), nullptr);
  restart(true);
}

TEST_F(CompactorTest, AFullDiskIsSaidOnceAndWaitedFor) {
  world_.publish({1}, 100);
  ASSERT_TRUE(world_.settle_down());
  io::SimDisk& disk = world_.world.disk();
  disk.set_capacity(disk.used() + segment_size / 2);
  for (int i = 0; i < 2000 && !world_.journal().view().writer.is_stuck(); ++i) {
    world_.publish({1}, 3000);
    world_.turn();
  }
  ASSERT_TRUE(world_.journal().view().writer.is_stuck());
  EXPECT_TRUE(world_.journal().is_behind());
  const core::Nanos end = world_.world.now() + 5 * core::nanos_per_s;
  while (world_.world.now() < end) world_.turn();
  EXPECT_EQ(world_.log.times("cannot make another journal file"), 1U);
  EXPECT_EQ(world_.segment_file_bytes() % segment_size, 0U) << "no half of a file is left";
  disk.set_capacity(1 << 30);
  ASSERT_TRUE(world_.settle_down());
  EXPECT_FALSE(world_.journal().is_behind());
  EXPECT_EQ(world_.log.times("there is room for journal files again"), 1U);
  EXPECT_EQ(world_.failure, "");
  restart(true);
}

// --- Everything at once

struct Play {
  explicit Play(std::uint64_t seed) : world(seed, slow()), random(seed) {
    world.world.disk().set_faults({.short_write = 10, .short_read = 10});
    EXPECT_EQ(world.start(), "");
  }
  static io::SimFaults slow() {
    io::SimFaults faults;
    faults.delay_ns_max = core::nanos_per_ms;
    return faults;
  }

  void publish() {
    std::vector<std::uint64_t> queues;
    for (std::uint64_t queue = 1; queue <= JournalWorld::queue_count; ++queue)
      if (random.chance(35)) queues.push_back(queue);
    if (queues.empty()) queues.push_back(3);
    const std::size_t size =
        random.chance(1) ? 100'000 : random.below(random.chance(20) ? 9000 : 90);
    world.publish(queues, size);
  }
  void settle_some() {
    // Mostly the oldest of a queue; the very first message never.
    while (world.held.size() > 1 + random.below(60)) {
      auto at = world.held.begin();
      std::advance(at, 1 + random.below(world.held.size() - 1));
      if (random.chance(70)) at = std::next(world.held.begin());
      world.settle(at->first);
    }
  }
  void act() {
    if (random.chance(20)) world.deliver_all(1 + random.below(JournalWorld::queue_count));
    for (std::uint64_t count = random.below(12); count > 0; --count) publish();
    if (random.chance(80)) settle_some();
    if (random.chance(90)) world.turns(1 + random.below(3));
  }
  void end(bool is_clean) {
    if (is_clean) {
      ASSERT_TRUE(world.settle_down());
    }
    const std::vector<Content> possible = world.possible();
    world.crash(random.chance(50));
    ASSERT_EQ(world.start(), "");
    ASSERT_TRUE(world.is_what_was_held(possible)) << "none of " << possible.size();
    ASSERT_EQ(world.segments().live_bytes(), world.live_bytes());
  }

  JournalWorld world;
  core::Random random;
};

#ifdef LEPUS_SANITIZED
constexpr std::uint64_t model_runs = 6;  // Each takes ten times as long.
#else
constexpr std::uint64_t model_runs = 25;
#endif

TEST(CompactorModel, RecoveryGivesWhatWasHeldAndTheDiskIsBounded) {
  std::uint64_t moved = 0;
  for (std::uint64_t seed = 1; seed <= model_runs; ++seed) {
    SCOPED_TRACE(seed);
    Play play(seed);
    play.world.publish({1}, 100);
    play.world.cold_queue = seed % 3 == 0 ? 0 : 1 + seed % 3;
    ASSERT_TRUE(play.world.settle_down());
    for (int life = 0; life < 6; ++life) {
      for (int i = 0; i < 120; ++i) play.act();
      moved += play.world.journal().view().compactor.moved_count();
      if (life % 3 == 2) {
        ASSERT_TRUE(play.world.settle_down());
        const std::uint64_t in_use = play.world.segments().in_use_bytes();
        // Messages that are larger than a segment fit badly.
        ASSERT_LE(in_use, 3 * play.world.live_bytes() + 2 * slack + segment_size);
        ASSERT_LE(play.world.file_bytes(), in_use + in_use / 10 + 8 * segment_size);
      }
      ASSERT_NO_FATAL_FAILURE(play.end(life % 2 == 1));
    }
    EXPECT_EQ(play.world.content().begin()->second, "m1 seen");
    EXPECT_EQ(play.world.log.times(stuck_event), 0U);
    EXPECT_TRUE(play.world.lost.empty());
  }
  EXPECT_GT(moved, 20 * model_runs);
}

/// A message of two queues whose record, damaged, names one of them twice and the other not.
TEST_F(CompactorTest, ADamagedRecordTakesNoMessageOutTwice) {
  world_.publish({1, 2}, 100);
  ASSERT_TRUE(world_.settle_down());
  const core::RecordLocation record = place({1, 0});
  const QueueRef first{1, 0};
  io::SimDisk& disk = world_.world.disk();
  const int fd = disk.open(world_.segments().path_of(record.segment), {.write = true});
  ASSERT_GE(fd, 0);
  const std::uint64_t refs = record.offset + sizeof(RecordHeader) + sizeof(MessageHead);
  const core::Bytes bytes{reinterpret_cast<const std::uint8_t*>(&first), sizeof first};
  for (const std::uint64_t at : {refs, refs + sizeof first})
    EXPECT_EQ(disk.write(fd, at, bytes), 0);
  disk.close(fd);
  pass_by(20);
  ASSERT_TRUE(world_.settle_down());
  EXPECT_NE(place({1, 0}), record);
  // Nobody said that the other one lies there, too.
  EXPECT_EQ(world_.segments().live_bytes(), std::uint64_t{record.size} + place({1, 0}).size);
}

}  // namespace
}  // namespace lepus::persist
