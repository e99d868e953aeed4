// When a delivery counts as overdue.
#include "core/session/consumer_timeouts.h"

#include <gtest/gtest.h>

namespace lepus::core {
namespace {

TEST(ConsumerTimeouts, ATagIsOverdueWhenItIsBelowAnOldMark) {
  ConsumerTimeouts timeouts;
  timeouts.add(4 * nanos_per_s);
  EXPECT_EQ(timeouts.step(), nanos_per_s);
  timeouts.mark(10 * nanos_per_s, 1);
  timeouts.mark(11 * nanos_per_s, 5);
  timeouts.mark(12 * nanos_per_s, 9);
  EXPECT_EQ(timeouts.overdue_below(13 * nanos_per_s, 4 * nanos_per_s), 0U);
  EXPECT_EQ(timeouts.overdue_below(15 * nanos_per_s, 4 * nanos_per_s), 5U);
  EXPECT_EQ(timeouts.overdue_below(99 * nanos_per_s, 4 * nanos_per_s), 9U);
}

TEST(ConsumerTimeouts, TheLongestDecidesWhatIsKept) {
  ConsumerTimeouts timeouts;
  timeouts.add(100 * nanos_per_ms);
  timeouts.add(3600 * nanos_per_s);
  EXPECT_EQ(timeouts.step(), 25 * nanos_per_ms) << "the shortest decides how often";
  for (int second = 1; second <= 3700; ++second)
    timeouts.mark(second * nanos_per_s, static_cast<std::uint64_t>(second));
  EXPECT_EQ(timeouts.overdue_below(3700 * nanos_per_s, 3600 * nanos_per_s), 100U);
  EXPECT_EQ(timeouts.overdue_below(3700 * nanos_per_s, nanos_per_s), 3699U);
}

}  // namespace
}  // namespace lepus::core
