// The moving average of the time that consumers are free.
#include "core/queue/capacity_meter.h"

#include <gtest/gtest.h>

namespace lepus::core {
namespace {

TEST(CapacityMeter, ConsumersThatKeepUpAreWhollyFree) {
  CapacityMeter meter;
  EXPECT_EQ(meter.sample(5 * nanos_per_s), 1'000);
  meter.note(false, 6 * nanos_per_s);
  EXPECT_EQ(meter.sample(10 * nanos_per_s), 1'000);
}

TEST(CapacityMeter, HalvesEachSecondWhileBlocked) {
  CapacityMeter meter;
  EXPECT_EQ(meter.sample(100 * nanos_per_s), 1'000);
  meter.note(true, 100 * nanos_per_s);
  meter.note(true, 101 * nanos_per_s);
  EXPECT_EQ(meter.sample(101 * nanos_per_s), 500);
  EXPECT_EQ(meter.sample(102 * nanos_per_s), 250);
  meter.note(false, 102 * nanos_per_s);
  EXPECT_EQ(meter.sample(103 * nanos_per_s), 625);
  EXPECT_EQ(meter.sample(103 * nanos_per_s), 625) << "no time has passed";
}

TEST(CapacityMeter, BlockedForAQuarterOfTheTime) {
  CapacityMeter meter;
  Nanos now = 0;
  for (int i = 0; i < 100; ++i) {
    meter.note(true, now);
    meter.note(false, now + nanos_per_s / 4);
    now += nanos_per_s;
    (void)meter.sample(now);
  }
  EXPECT_EQ(meter.sample(now), 750);
}

}  // namespace
}  // namespace lepus::core
