// A shard's part in a backup: what it reports, and when.
#include "tools/server/backup/shard_backup.h"

#include <gtest/gtest.h>

#include "core/limits/backup.h"
#include "tests/unit/persist/journal/journal_world.h"

namespace lepus::server {
namespace {

using persist::test::JournalWorld;
using Step = BackupOrder::Step;
using State = BackupReport::State;

class ShardBackupTest : public ::testing::Test {
 protected:
  void SetUp() override { ASSERT_EQ(world_.start(), ""); }
  /// Returns the report of this state, the first that comes.
  BackupReport await(ShardBackup& backup, State state) {
    std::optional<BackupReport> report;
    for (int i = 0; i < 1000 && !report; ++i) {
      world_.turn();
      report = backup.collect();
    }
    if (!report || report->state != state) {
      ADD_FAILURE() << "it does not report that";
      return {};
    }
    return std::move(*report);
  }
  void lose_hold() {
    const core::Nanos end = world_.world.now() + core::limits::backup_freeze_max;
    while (world_.world.now() < end + core::nanos_per_s) world_.turn();
    ASSERT_NE(world_.journal().backup().lost_reason(), "");
  }

  JournalWorld world_{1};
};

TEST_F(ShardBackupTest, TheEndIsAnswered) {
  ShardBackup backup{3, &world_.journal().backup()};
  backup.take({17, Step::freeze});
  EXPECT_NE(await(backup, State::ready).snapshot, nullptr);
  backup.take({17, Step::thaw});
  backup.take({17, Step::end});
  const BackupReport ended = await(backup, State::ended);
  EXPECT_EQ(ended.number, 17U);
  EXPECT_EQ(ended.shard, 3U);
  EXPECT_EQ(ended.reason, nullptr);
  EXPECT_FALSE(backup.collect());
}

/// The turn in which the hold is lost may have the order that ends it, too.
TEST_F(ShardBackupTest, ALossThatWasNotReportedComesWithTheAnswer) {
  ShardBackup backup{0, &world_.journal().backup()};
  backup.take({17, Step::freeze});
  (void)await(backup, State::ready);
  lose_hold();
  backup.take({17, Step::end});
  const BackupReport ended = await(backup, State::ended);
  ASSERT_NE(ended.reason, nullptr);
  EXPECT_NE(ended.reason->find("did not come to rest"), std::string::npos);
  EXPECT_FALSE(backup.collect());
  backup.take({18, Step::freeze});
  (void)await(backup, State::ready);
  backup.take({18, Step::end});
  EXPECT_EQ(await(backup, State::ended).reason, nullptr) << "that was the loss of another one";
}

TEST_F(ShardBackupTest, ALossIsReportedOnce) {
  ShardBackup backup{0, &world_.journal().backup()};
  backup.take({17, Step::freeze});
  (void)await(backup, State::ready);
  lose_hold();
  EXPECT_NE(await(backup, State::lost).reason, nullptr);
  backup.take({17, Step::end});
  EXPECT_EQ(await(backup, State::ended).reason, nullptr);
}

/// Of several requests at once each gets its answers.
TEST_F(ShardBackupTest, OnlyOneHasTheHold) {
  ShardBackup backup{0, &world_.journal().backup()};
  backup.take({1, Step::freeze});
  (void)await(backup, State::ready);
  for (const std::uint32_t number : {2U, 3U}) backup.take({number, Step::freeze});
  backup.take({2, Step::end});
  EXPECT_EQ(await(backup, State::refused).number, 2U);
  EXPECT_EQ(await(backup, State::refused).number, 3U);
  EXPECT_EQ(await(backup, State::ended).number, 2U);
  EXPECT_TRUE(world_.journal().backup().is_at_rest()) << "the first one has it still";
  backup.take({1, Step::end});
  EXPECT_EQ(await(backup, State::ended).number, 1U);
}

TEST(ShardBackup, WithoutAJournalThereIsNothingToCopy) {
  ShardBackup backup{0, nullptr};
  backup.take({5, Step::freeze});
  backup.take({5, Step::end});
  const std::optional<BackupReport> refused = backup.collect();
  ASSERT_TRUE(refused && refused->reason);
  EXPECT_EQ(refused->state, State::refused);
  EXPECT_NE(refused->reason->find("live in memory only"), std::string::npos);
  const std::optional<BackupReport> ended = backup.collect();
  ASSERT_TRUE(ended);
  EXPECT_EQ(ended->state, State::ended);
}

}  // namespace
}  // namespace lepus::server
