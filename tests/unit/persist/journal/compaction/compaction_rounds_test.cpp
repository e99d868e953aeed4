// When a round begins, what ends it, and what makes it wait.
#include "persist/journal/compaction/compaction_rounds.h"

#include <gtest/gtest.h>

#include "core/limits.h"

namespace lepus::persist {
namespace {

class CompactionRoundsTest : public ::testing::Test {
 protected:
  static constexpr std::uint64_t segment_size = 1000;
  static constexpr std::uint64_t all_durable = UINT64_MAX;

  /// Segments with next to nothing in them.
  void grow(std::uint64_t count) {
    for (; count > 0; --count) {
      const std::uint64_t number = table_.add();
      table_.set_file(number, static_cast<std::uint32_t>(number), segment_size);
      table_.add_live(number, 1);
    }
  }
  /// Its record goes to the end.
  void empty_oldest() {
    const std::uint64_t first = table_.first();
    table_.remove_live(first, 1);
    table_.add_live(table_.next_number() - 1, 1);
    ASSERT_TRUE(table_.take_reclaimable(first + 1));
  }
  bool wants() { return rounds_.wants(now_, all_durable); }

  SegmentTable table_{"data"};
  CompactionRounds rounds_{table_, segment_size};
  core::Nanos now_ = 1;
};

TEST_F(CompactionRoundsTest, BeginsAboveTheSlackAndTwiceWhatIsLive) {
  grow(core::limits::journal_slack_segments);
  EXPECT_FALSE(wants());
  grow(1);
  EXPECT_TRUE(wants());
  EXPECT_FALSE(rounds_.is_urgent());
  table_.add_live(3, segment_size / 2);
  EXPECT_FALSE(wants()) << "so much more is allowed";
}

TEST_F(CompactionRoundsTest, IsUrgentAndLateByTheExcess) {
  grow(2 * core::limits::journal_slack_segments + 1);
  EXPECT_TRUE(rounds_.is_urgent());
  EXPECT_FALSE(rounds_.is_late());
  grow(core::limits::journal_slack_segments);
  EXPECT_TRUE(rounds_.is_late());
}

TEST_F(CompactionRoundsTest, NothingIsReadThatIsNotDurable) {
  grow(core::limits::journal_slack_segments + 1);
  EXPECT_FALSE(rounds_.wants(now_, 1));
  EXPECT_TRUE(rounds_.wants(now_, 2));
}

TEST_F(CompactionRoundsTest, ARoundThatWasNotEnoughWaitsForGrowth) {
  grow(10);
  ASSERT_TRUE(wants());
  // It goes up to the segment that was newest when it began, however many come behind.
  while (table_.first() <= 10) {
    ASSERT_TRUE(wants()) << table_.first();
    grow(1);
    empty_oldest();
  }
  EXPECT_FALSE(wants());
  EXPECT_FALSE(wants());
  grow(core::limits::journal_slack_segments);
  EXPECT_FALSE(wants()) << "it has to grow by more than the slack";
  grow(1);
  EXPECT_TRUE(wants());
}

TEST_F(CompactionRoundsTest, WhatIsStuckIsTriedAgainAfterAWhile) {
  grow(10);
  ASSERT_TRUE(wants());
  EXPECT_TRUE(rounds_.set_stuck(1, now_));
  EXPECT_FALSE(wants());
  now_ += core::limits::compaction_retry;
  EXPECT_TRUE(wants());
  EXPECT_FALSE(rounds_.set_stuck(1, now_)) << "that is no news";
  empty_oldest();
  EXPECT_TRUE(wants()) << "the next one is another matter";
}

TEST_F(CompactionRoundsTest, StopsForGood) {
  grow(10);
  rounds_.stop();
  EXPECT_TRUE(rounds_.is_stopped());
  EXPECT_FALSE(wants());
}

}  // namespace
}  // namespace lepus::persist
