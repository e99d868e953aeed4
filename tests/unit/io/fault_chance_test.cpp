// Faults are absent as often as asked for, and a seed means what it always meant.
#include "io/sim/fault_chance.h"

#include <gtest/gtest.h>

#include <set>

#include "io/sim/sim_network.h"

namespace lepus::io {
namespace {

constexpr unsigned fault_draws = 10'000;

TEST(FaultChance, IsNoneInAsManyDrawsAsAskedFor) {
  core::Random random(1);
  FaultChance chance{random, 40};
  unsigned none_count = 0;
  for (unsigned i = 0; i < fault_draws; ++i) none_count += chance.draw(1'000'000) == 0 ? 1 : 0;
  EXPECT_GT(none_count, fault_draws * 38 / 100);
  EXPECT_LT(none_count, fault_draws * 42 / 100);
}

TEST(FaultChance, AlwaysAndNeverNone) {
  core::Random random(2);
  FaultChance never{random, 100};
  FaultChance any{random, 0};
  std::set<unsigned> seen;
  for (unsigned i = 0; i < 200; ++i) {
    EXPECT_EQ(never.draw(90), 0U);
    seen.insert(any.draw(3));
  }
  EXPECT_EQ(seen, (std::set<unsigned>{0, 1, 2, 3}));
}

/// None takes one number of the generator, anything else two.
TEST(FaultChance, TakesOneNumberOrTwo) {
  unsigned some_count = 0;
  for (std::uint64_t seed = 0; seed < 100; ++seed) {
    core::Random random(seed);
    core::Random same(seed);
    FaultChance chance{random, 60};
    const unsigned drawn = chance.draw(30);
    const bool is_none = same.chance(60);
    EXPECT_EQ(drawn, is_none ? 0U : static_cast<unsigned>(same.below(31))) << seed;
    EXPECT_EQ(random.next(), same.next()) << seed;
    some_count += is_none ? 0 : 1;
  }
  EXPECT_GT(some_count, 0U);
}

/// What kept seeds of the simulation depend on: the order in which faults are drawn.
TEST(FaultChance, FaultsOfTheNetworkAreDrawnInTheirOrder) {
  core::Random random(478);
  core::Random same(478);
  const SimFaults faults = SimFaults::draw(random);
  FaultChance chance{same, 40};
  EXPECT_EQ(faults.short_read, chance.draw(90));
  EXPECT_EQ(faults.short_send, chance.draw(90));
  EXPECT_EQ(faults.multishot_end, chance.draw(50));
  EXPECT_EQ(faults.no_buffers, chance.draw(30));
  EXPECT_EQ(faults.accept_error, chance.draw(20));
  EXPECT_EQ(faults.reset, chance.draw(5));
}

}  // namespace
}  // namespace lepus::io
