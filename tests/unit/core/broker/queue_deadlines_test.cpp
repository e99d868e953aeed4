// Order, and that registering again and again takes no memory.
#include "core/broker/queue_deadlines.h"

#include <gtest/gtest.h>

namespace lepus::core {
namespace {

TEST(QueueDeadlines, TheEarliestFirst) {
  QueueDeadlines deadlines;
  EXPECT_EQ(deadlines.next(), never);
  deadlines.add(30, QueueId{3});
  deadlines.add(10, QueueId{1});
  deadlines.add(20, QueueId{2});
  EXPECT_EQ(deadlines.next(), 10);
  EXPECT_FALSE(deadlines.take_due(9));
  EXPECT_EQ(deadlines.take_due(25), QueueId{1});
  EXPECT_EQ(deadlines.take_due(25), QueueId{2});
  EXPECT_FALSE(deadlines.take_due(25));
  EXPECT_EQ(deadlines.size(), 1U);
}

TEST(QueueDeadlines, WhatMeansNothingAnyMoreIsForgotten) {
  QueueDeadlines deadlines;
  const QueueId lasting{1'000'000};
  const auto is_gone = [&](QueueId queue) { return queue != lasting; };
  Nanos earliest = 0;
  for (std::uint64_t i = 1; i <= 100'000; ++i) {
    deadlines.add(1'000'000, QueueId{i});  // Gone at once.
    earliest = static_cast<Nanos>(900'000 - i);
    deadlines.add(earliest, lasting);
    deadlines.tidy(1, is_gone);
    ASSERT_LE(deadlines.size(), limits::deadlines_spare + 4);
    ASSERT_EQ(deadlines.next(), earliest);
  }
  EXPECT_EQ(deadlines.take_due(earliest), lasting);
}

}  // namespace
}  // namespace lepus::core
