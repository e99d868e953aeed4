// Calls: answered, given up, answered late, answered twice.
#include "tools/perf/openstack/call_table.h"

#include <gtest/gtest.h>

namespace lepus::perf {

TEST(CallTable, AnswersAreTimed) {
  CallTable table(1000);
  const uint64_t first = table.begin(100);
  const uint64_t second = table.begin(200);
  EXPECT_NE(first, second);
  EXPECT_EQ(table.waiting_count(), 2u);
  EXPECT_EQ(table.answer(second, 250), 50u);
  EXPECT_EQ(table.answer(first, 300), 200u);
  EXPECT_EQ(table.waiting_count(), 0u);
}

TEST(CallTable, EveryCallIsAnsweredOrLost) {
  CallTable table(1000);
  for (uint64_t time = 0; time < 10; ++time) table.begin(time);
  EXPECT_TRUE(table.answer(3, 20));
  table.expire(1004);  // gives up those of the times 0 to 4
  EXPECT_EQ(table.counts().lost, 4u);
  EXPECT_EQ(table.waiting_count(), 5u);
  EXPECT_FALSE(table.answer(1, 1010));
  EXPECT_EQ(table.counts().late, 1u);
  table.expire(2000);
  EXPECT_EQ(table.counts().lost + table.counts().answered, table.counts().sent);
  EXPECT_EQ(table.waiting_count(), 0u);
}

TEST(CallTable, SecondAndUnknownAnswersAreCountedApart) {
  CallTable table(1000);
  const uint64_t number = table.begin(1);
  EXPECT_TRUE(table.answer(number, 2));
  EXPECT_FALSE(table.answer(number, 3));
  EXPECT_FALSE(table.answer(number + 100, 3));
  EXPECT_EQ(table.counts().duplicates, 2u);
  EXPECT_EQ(table.counts().answered, 1u);
}

}  // namespace lepus::perf
