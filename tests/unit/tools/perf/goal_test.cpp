// When a counted run is over: goals for each combination of clients, shares that add up, and the
// watch over a run that stands still.
#include "tools/perf/goal.h"

#include <gtest/gtest.h>

namespace lepus::perf {

namespace {

Options counted(uint64_t messages) {
  Options options;
  options.messages = messages;
  return options;
}

}  // namespace

TEST(Goal, PublishingAloneIsOverWhenAllIsSent) {
  Options options = counted(100);
  options.consumers = 0;
  const Goal goal = goal_of_messages(options);
  EXPECT_FALSE(reached(goal, {99, 0, 0}));
  EXPECT_TRUE(reached(goal, {100, 0, 0}));
}

TEST(Goal, WithConfirmsTheLastConfirmIsWaitedFor) {
  Options options = counted(100);
  options.consumers = 0;
  options.confirm_window = 10;
  const Goal goal = goal_of_messages(options);
  EXPECT_FALSE(reached(goal, {100, 99, 0}));
  EXPECT_TRUE(reached(goal, {100, 100, 0}));
}

TEST(Goal, WithConsumersEveryCopyIsWaitedFor) {
  Options options = counted(100);
  EXPECT_FALSE(reached(goal_of_messages(options), {100, 0, 99}));
  EXPECT_TRUE(reached(goal_of_messages(options), {100, 0, 100}));
  options.exchange_type = ExchangeType::fanout;
  options.queues = 3;
  EXPECT_FALSE(reached(goal_of_messages(options), {100, 0, 299}));
  EXPECT_TRUE(reached(goal_of_messages(options), {100, 0, 300}));
}

TEST(Goal, ADrainEndsWithTheQueuesOrTheNumberAskedFor) {
  EXPECT_EQ(goal_of_drain(counted(0), 70).delivered, 70u);
  EXPECT_EQ(goal_of_drain(counted(50), 70).delivered, 50u);
  EXPECT_EQ(goal_of_drain(counted(90), 70).delivered, 70u);
  EXPECT_TRUE(reached(goal_of_drain(counted(0), 0), {}));
}

TEST(Goal, SharesAddUpAndDifferByOneAtMost) {
  Options options = counted(10);
  options.producers = 4;
  uint64_t sum = 0;
  for (unsigned number = 0; number < options.producers; ++number) {
    const uint64_t share = share_of_messages(options, number);
    EXPECT_GE(share, 2u);
    EXPECT_LE(share, 3u);
    sum += share;
  }
  EXPECT_EQ(sum, 10u);
  EXPECT_EQ(share_of_messages(counted(0), 0), UINT64_MAX);
}

TEST(Budget, GivesOutWhatThereIsAndNoMore) {
  Budget budget(2);
  EXPECT_TRUE(budget.take());
  EXPECT_TRUE(budget.take());
  EXPECT_FALSE(budget.take());
  EXPECT_FALSE(budget.take());
}

TEST(StallWatch, OnlyAChangeStartsTheTimeAnew) {
  StallWatch watch(100, 1000);
  EXPECT_FALSE(watch.stalled({}, 1099));
  EXPECT_TRUE(watch.stalled({}, 1100));
  EXPECT_FALSE(watch.stalled({0, 0, 1}, 1150));
  EXPECT_FALSE(watch.stalled({0, 0, 1}, 1249));
  EXPECT_TRUE(watch.stalled({0, 0, 1}, 1250));
  EXPECT_FALSE(watch.stalled({0, 1, 1}, 1300));
}

}  // namespace lepus::perf
