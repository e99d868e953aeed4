// When unused memory is given back, and when it is left for what comes.
#include "tools/server/heap_trimmer.h"

#include <gtest/gtest.h>

namespace lepus::server {
namespace {

constexpr std::uint64_t mib = std::uint64_t{1} << 20;

class HeapTrimmerTest : public ::testing::Test {
 protected:
  /// A second with so much in use and so much resident; whether it ended with a collection.
  bool second(std::uint64_t used, std::uint64_t resident) {
    for (int i = 0; i < 20; ++i) trimmer_.note_use(used);
    now_ += core::nanos_per_s;
    return trimmer_.wants_look(now_) && trimmer_.is_due(resident, now_);
  }
  HeapTrimmer trimmer_;
  core::Nanos now_ = core::nanos_per_s;
};

TEST_F(HeapTrimmerTest, WhatABacklogLeavesGoesBackSecondsLater) {
  for (int i = 0; i < 10; ++i) EXPECT_FALSE(second(1000 * mib, 1050 * mib)) << i;
  int seconds = 0;
  while (!second(0, 1050 * mib)) ASSERT_LT(++seconds, 10);
  EXPECT_GE(seconds, 4);
  for (int i = 0; i < 30; ++i) EXPECT_FALSE(second(0, 60 * mib)) << i;
}

TEST_F(HeapTrimmerTest, WhatComesAndGoesStays) {
  for (int i = 0; i < 100; ++i) EXPECT_FALSE(second(i % 4 == 0 ? 500 * mib : 0, 520 * mib)) << i;
}

TEST_F(HeapTrimmerTest, WhatCannotBeGivenBackIsNotAskedForAgainAndAgain) {
  EXPECT_FALSE(second(100 * mib, 200 * mib));
  for (int i = 0; i < 5; ++i) second(0, 200 * mib);
  int count = 0;
  for (int i = 0; i < 180; ++i) count += second(0, 200 * mib) ? 1 : 0;
  EXPECT_GE(count, 2);
  EXPECT_LE(count, 4);
}

TEST_F(HeapTrimmerTest, LittleIsLeftAlone) {
  second(20 * mib, 40 * mib);
  for (int i = 0; i < 100; ++i) EXPECT_FALSE(second(10 * mib, 40 * mib)) << i;
}

TEST_F(HeapTrimmerTest, OnlyOnceASecond) {
  EXPECT_TRUE(trimmer_.wants_look(now_));
  EXPECT_FALSE(trimmer_.wants_look(now_ + core::nanos_per_s / 2));
  EXPECT_TRUE(trimmer_.wants_look(now_ + core::nanos_per_s));
}

}  // namespace
}  // namespace lepus::server
