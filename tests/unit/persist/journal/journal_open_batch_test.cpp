// What belongs together and comes in several turns is one batch.
#include <gtest/gtest.h>

#include "tests/unit/persist/journal/journal_world.h"

namespace lepus::persist {
namespace {

using test::JournalWorld;

class JournalHoldTest : public ::testing::Test {
 protected:
  void SetUp() override {
    ASSERT_EQ(world_.start(), "");
    world_.publish({1}, 10);
    ASSERT_TRUE(world_.settle_down());
    world_.journal().keep_batch_open(true);
    world_.publish({2}, 10);
    world_.turns(20);
    // Larger than a segment: what is full is written, and counts only with the rest.
    for (int i = 0; i < 3; ++i) world_.publish({3}, JournalWorld::segment_size / 2);
    world_.turns(20);
  }
  bool is_written(test::Position at) {
    return world_.held.at(at)->place() < world_.journal().written_end();
  }
  void restart() {
    world_.crash(false);
    ASSERT_EQ(world_.start(), "");
  }

  JournalWorld world_{1};
};

TEST_F(JournalHoldTest, NothingOfItCountsBeforeItsEnd) {
  EXPECT_LT(world_.journal().durable(), world_.journal().open_batch());
  EXPECT_FALSE(world_.journal().has_work()) << "the shard may sleep until the rest comes";
  EXPECT_FALSE(is_written({2, 0})) << "whoever reads it may have read what a crash takes back";
  restart();
  EXPECT_EQ(world_.content().size(), 1U);
}

TEST_F(JournalHoldTest, AllOfItCountsBehindItsEnd) {
  world_.journal().keep_batch_open(false);
  ASSERT_TRUE(world_.settle_down());
  EXPECT_TRUE(is_written({2, 0}));
  restart();
  EXPECT_EQ(world_.content().size(), 5U);
}

}  // namespace
}  // namespace lepus::persist
