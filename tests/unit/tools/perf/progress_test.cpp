// What progress says of the time that is left.
#include "tools/perf/progress.h"

#include <gtest/gtest.h>

namespace lepus::perf {

TEST(Progress, DurationsAreReadable) {
  EXPECT_EQ(duration_text(0), "0 s");
  EXPECT_EQ(duration_text(4.2), "5 s");
  EXPECT_EQ(duration_text(125), "2 min 5 s");
  EXPECT_EQ(duration_text(4200), "1 h 10 min");
  EXPECT_EQ(duration_text(-1), "0 s");
}

TEST(Progress, TheRestTakesItsShare) {
  EXPECT_FALSE(seconds_left_at(0, 10, 5));
  EXPECT_EQ(seconds_left_at(5, 10, 5), 5);
  EXPECT_EQ(seconds_left_at(10, 10, 5), 0);
  EXPECT_EQ(seconds_left_at(12, 10, 6), 0);
}

}  // namespace lepus::perf
