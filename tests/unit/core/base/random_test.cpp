// The generator: the same everywhere, spread evenly, parts that do not disturb each other.
#include "core/base/random.h"

#include <gtest/gtest.h>

#include <array>

namespace lepus::core {
namespace {

TEST(Random, GivesThePublishedSequence) {
  // First outputs of splitmix64 with seed 1234567, from its author's reference program.
  Random random{1234567};
  EXPECT_EQ(random.next(), 6457827717110365317ULL);
  EXPECT_EQ(random.next(), 3203168211198807973ULL);
  EXPECT_EQ(random.next(), 9817491932198370423ULL);
}

TEST(Random, BelowIsEvenAndInRange) {
  Random random{0};
  std::array<int, 10> counts{};
  for (int i = 0; i < 100'000; ++i) {
    const std::uint64_t number = random.below(counts.size());
    ASSERT_LT(number, counts.size());
    ++counts[number];
  }
  for (const int count : counts) EXPECT_NEAR(count, 10'000, 500);
}

TEST(Random, ChanceIsAPercentage) {
  Random random{5};
  int hits = 0;
  for (int i = 0; i < 100'000; ++i) hits += random.chance(30) ? 1 : 0;
  EXPECT_NEAR(hits, 30'000, 1'000);
  for (int i = 0; i < 1'000; ++i) {
    EXPECT_FALSE(random.chance(0));
    EXPECT_TRUE(random.chance(100));
  }
}

TEST(Random, ASplitGoesItsOwnWay) {
  Random whole{9};
  Random part = whole.split();
  Random same_whole{9};
  Random same_part = same_whole.split();
  for (int i = 0; i < 10; ++i) (void)part.next();
  EXPECT_EQ(whole.next(), same_whole.next());
  for (int i = 0; i < 10; ++i) (void)same_part.next();
  EXPECT_EQ(part.next(), same_part.next());
}

TEST(RandomDeathTest, BoundZeroStops) {
  Random random{1};
  EXPECT_DEATH((void)random.below(0), "bound > 0");
}

}  // namespace
}  // namespace lepus::core
