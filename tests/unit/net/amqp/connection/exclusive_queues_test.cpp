// Asked once, and who waits hears when they are gone.
#include "net/amqp/connection/exclusive_queues.h"

#include <gtest/gtest.h>

#include "tests/unit/net/amqp/connection/part_world.h"

namespace lepus::amqp {
namespace {

class ExclusiveQueuesTest : public ::testing::Test, private ExclusiveQueues::Listener {
 protected:
  void on_exclusive_queues_gone() override { ++told_; }

  test::BrokerWorld world_{{}};
  test::PartWorld part_;
  int told_ = 0;
  ExclusiveQueues queues_{world_.broker(), part_.facts(), *this};
};

TEST_F(ExclusiveQueuesTest, WithoutAnyTheyAreGoneAtOnce) {
  queues_.release();
  EXPECT_EQ(told_, 1);
  EXPECT_TRUE(queues_.is_released());
  queues_.abandon();
  world_.settle();
  EXPECT_EQ(told_, 1);
}

TEST_F(ExclusiveQueuesTest, TheControlThreadSaysWhenTheyAreGone) {
  world_.control_sleeps = true;
  queues_.note();
  queues_.release();
  world_.settle();
  EXPECT_TRUE(queues_.is_released());
  EXPECT_EQ(told_, 0);
  world_.control_sleeps = false;
  world_.settle();
  EXPECT_EQ(told_, 1);
}

TEST_F(ExclusiveQueuesTest, WhoIsGoneIsNotTold) {
  queues_.note();
  queues_.abandon();
  EXPECT_TRUE(queues_.is_released());
  world_.settle();
  EXPECT_EQ(told_, 0);
}

TEST_F(ExclusiveQueuesTest, AlsoNotWhenItWaited) {
  queues_.note();
  queues_.release();
  queues_.abandon();
  world_.settle();
  EXPECT_EQ(told_, 0);
}

}  // namespace
}  // namespace lepus::amqp
