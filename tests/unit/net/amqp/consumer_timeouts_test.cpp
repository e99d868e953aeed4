// When a delivery counts as late.
#include "net/amqp/consumer_timeouts.h"

#include <gtest/gtest.h>

namespace lepus::amqp {
namespace {

using core::nanos_per_ms;
using core::nanos_per_s;

TEST(ConsumerTimeouts, ATagIsLateWhenItIsBelowAnOldMark) {
  ConsumerTimeouts timeouts;
  timeouts.add(4 * nanos_per_s);
  EXPECT_EQ(timeouts.step(), nanos_per_s);
  timeouts.look(10 * nanos_per_s, 1);
  timeouts.look(11 * nanos_per_s, 5);
  timeouts.look(12 * nanos_per_s, 9);
  EXPECT_EQ(timeouts.late_below(13 * nanos_per_s, 4 * nanos_per_s), 0U);
  EXPECT_EQ(timeouts.late_below(15 * nanos_per_s, 4 * nanos_per_s), 5U);
  EXPECT_EQ(timeouts.late_below(99 * nanos_per_s, 4 * nanos_per_s), 9U);
}

TEST(ConsumerTimeouts, TheLongestDecidesWhatIsKept) {
  ConsumerTimeouts timeouts;
  timeouts.add(100 * nanos_per_ms);
  timeouts.add(3600 * nanos_per_s);
  EXPECT_EQ(timeouts.step(), 25 * nanos_per_ms) << "the shortest decides how often";
  for (int second = 1; second <= 3700; ++second)
    timeouts.look(second * nanos_per_s, static_cast<std::uint64_t>(second));
  EXPECT_EQ(timeouts.late_below(3700 * nanos_per_s, 3600 * nanos_per_s), 100U);
  EXPECT_EQ(timeouts.late_below(3700 * nanos_per_s, nanos_per_s), 3699U);
}

}  // namespace
}  // namespace lepus::amqp
