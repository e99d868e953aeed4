// A journal stands still for a moment, and its files stay until they are copied: what is restored
// is what was durable at that moment, whatever the journal did meanwhile.
#include "persist/backup/backup_hold.h"

#include <gtest/gtest.h>

#include "core/limits/backup.h"
#include "persist/backup/journal_copy.h"
#include "persist/backup/restore.h"
#include "tests/unit/persist/journal/journal_world.h"

namespace lepus::persist {
namespace {

using test::Content;
using test::JournalWorld;

constexpr std::uint64_t backed_up_size = JournalWorld::segment_size;

class BackupHoldTest : public ::testing::Test, public CopyMonitor {
 protected:
  void SetUp() override { ASSERT_EQ(world_.start(), ""); }
  bool on_copied(std::uint64_t) override { return true; }
  BackupHold& hold() { return world_.journal().backup(); }
  io::SimDisk& disk() { return world_.world.disk(); }

  void publish(int count) {
    for (int i = 0; i < count; ++i) {
      world_.publish({1 + static_cast<std::uint64_t>(i) % JournalWorld::queue_count}, 3000);
      world_.turn();
    }
  }
  /// Returns false when the journal does not come to rest.
  bool freeze() {
    if (!hold().begin()) return false;
    for (int i = 0; i < 1000 && !hold().is_at_rest(); ++i) world_.turn();
    return hold().is_at_rest();
  }
  JournalCopyTally copy(const JournalSnapshot& snapshot) {
    UnreadableBytes unreadable;
    JournalCopyTally tally;
    JournalCopy copy({&disk(), this, &unreadable});
    EXPECT_EQ(copy.copy(snapshot, "backup", tally), "");
    EXPECT_EQ(unreadable.bytes, 0U);
    return tally;
  }
  /// The process dies, and the journal is the one of the backup.
  Content restored() {
    world_.crash(false);
    const auto remove_all = [this](const std::string& directory) {
      std::vector<std::string> names;
      EXPECT_EQ(disk().list(directory, names), 0);
      for (const std::string& name : names) EXPECT_EQ(disk().remove(directory + "/" + name), 0);
    };
    remove_all(JournalWorld::directory);
    std::vector<std::string> names;
    EXPECT_EQ(disk().list("backup/journal/shard-0", names), 0);
    for (const std::string& name : names)
      EXPECT_EQ(disk().rename("backup/journal/shard-0/" + name,
                              std::string(JournalWorld::directory) + "/" + name),
                0);
    EXPECT_EQ(world_.start(), "");
    return world_.content();
  }

  JournalWorld world_{1};
};

TEST_F(BackupHoldTest, WhatWasDurableAtThatMomentIsRestored) {
  publish(60);
  ASSERT_TRUE(world_.settle_down());
  const Content before = world_.content();
  ASSERT_TRUE(freeze());
  const JournalSnapshot snapshot = hold().snapshot();
  ASSERT_GT(snapshot.segments.size(), 2U);
  hold().thaw();
  publish(60);
  world_.settle_unless([](const auto&) { return false; });
  ASSERT_TRUE(world_.settle_down());
  copy(snapshot);
  hold().end({});
  EXPECT_EQ(restored(), before);
}

TEST_F(BackupHoldTest, NothingIsWrittenWhileItIsFrozen) {
  publish(5);
  ASSERT_TRUE(world_.settle_down());
  ASSERT_TRUE(freeze());
  const std::uint64_t durable = world_.journal().durable();
  const Content before = world_.content();
  for (int i = 0; i < 30; ++i) world_.publish({1}, 3000);
  world_.turns(2);
  EXPECT_EQ(world_.journal().durable(), durable);
  EXPECT_FALSE(world_.journal().has_work()) << "a shard may sleep";
  copy(hold().snapshot());
  hold().thaw();
  ASSERT_TRUE(world_.settle_down());
  EXPECT_GT(world_.journal().durable(), durable);
  hold().end({});
  EXPECT_EQ(restored(), before);
}

TEST_F(BackupHoldTest, ABatchThatSpansSegmentsIsThereAsAWholeOrNotAtAll) {
  publish(3);
  ASSERT_TRUE(world_.settle_down());
  const Content before = world_.content();
  for (int i = 0; i < 60; ++i) world_.publish({1}, 3000);
  ASSERT_TRUE(hold().begin());
  for (int i = 0; i < 1000 && !hold().is_at_rest(); ++i) world_.turn();
  ASSERT_TRUE(hold().is_at_rest());
  const bool is_written = world_.journal().durable() >= world_.journal().open_batch();
  const Content after = world_.content();
  copy(hold().snapshot());
  hold().thaw();
  hold().end({});
  EXPECT_EQ(restored(), is_written ? after : before);
}

TEST_F(BackupHoldTest, FilesStayUntilItEnds) {
  publish(100);
  ASSERT_TRUE(world_.settle_down());
  ASSERT_TRUE(freeze());
  const JournalSnapshot snapshot = hold().snapshot();
  hold().thaw();
  world_.settle_unless([](const auto&) { return false; });
  const std::size_t free_before = world_.pool().free_count();
  publish(100);
  world_.settle_unless([](const auto&) { return false; });
  for (int i = 0; i < 3000; ++i) world_.turn();
  EXPECT_LE(world_.pool().free_count(), free_before + 1) << "but for the reserve";
  for (const SegmentSnapshot& segment : snapshot.segments)
    EXPECT_NE(disk().find(segment_file_path(snapshot.directory, segment.file)), nullptr);
  hold().end({});
  EXPECT_GT(world_.pool().free_count(), free_before + 1);
}

TEST_F(BackupHoldTest, AFileWithASecondNameIsNotWrittenAgain) {
  publish(100);
  ASSERT_TRUE(world_.settle_down());
  ASSERT_TRUE(freeze());
  const JournalSnapshot snapshot = hold().snapshot();
  std::vector<std::uint32_t> linked;
  for (const SegmentSnapshot& segment : snapshot.segments) linked.push_back(segment.file);
  linked.pop_back();
  hold().end(linked);
  world_.settle_unless([](const auto&) { return false; });
  ASSERT_TRUE(world_.settle_down());
  for (int i = 0; i < 200; ++i) world_.turn();
  for (const std::uint32_t file : linked)
    EXPECT_EQ(disk().find(segment_file_path(snapshot.directory, file)), nullptr)
        << file << " is removed here, and not free";
}

TEST_F(BackupHoldTest, OnlyOneAtATime) {
  ASSERT_TRUE(hold().begin());
  EXPECT_FALSE(hold().begin());
  hold().end({});
  ASSERT_TRUE(hold().begin());
  hold().end({});
}

TEST_F(BackupHoldTest, WritesGoOnWhenNobodyThaws) {
  publish(5);
  ASSERT_TRUE(world_.settle_down());
  ASSERT_TRUE(freeze());
  const core::Nanos end = world_.world.now() + core::limits::backup_freeze_max;
  world_.publish({1}, 100);
  while (world_.world.now() < end + core::nanos_per_s) world_.turn();
  EXPECT_NE(hold().lost_reason().find("did not come to rest"), std::string::npos);
  EXPECT_EQ(world_.journal().durable(), world_.journal().open_batch());
  hold().end({});
  EXPECT_EQ(hold().lost_reason(), "");
  EXPECT_TRUE(freeze()) << "another one may begin";
  hold().end({});
}

TEST_F(BackupHoldTest, ADiskThatIsFullTakesTheFilesBack) {
  publish(60);
  ASSERT_TRUE(world_.settle_down());
  ASSERT_TRUE(freeze());
  hold().thaw();
  disk().set_capacity(disk().used() + 2 * backed_up_size);
  for (int i = 0; i < 2000 && hold().lost_reason().empty(); ++i) {
    world_.publish({1}, 3000);
    world_.settle_unless([](const auto&) { return false; });
    world_.turn();
  }
  EXPECT_NE(hold().lost_reason().find("no room"), std::string::npos);
  hold().end({});
  ASSERT_TRUE(world_.settle_down());
  EXPECT_EQ(world_.failure, "");
  EXPECT_FALSE(world_.journal().is_behind());
}

TEST_F(BackupHoldTest, ANewJournalHasNothingToCopy) {
  ASSERT_TRUE(freeze());
  const JournalSnapshot snapshot = hold().snapshot();
  EXPECT_LE(snapshot.segments.size(), 1U);
  copy(snapshot);
  hold().end({});
  EXPECT_TRUE(restored().empty());
}

}  // namespace
}  // namespace lepus::persist
