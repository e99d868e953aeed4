// What a power cut may take with journal.sync = interval or os: only what is younger than the last
// sync. What was confirmed long ago stays, also while its record is moved and the files are used
// again; and nothing comes back that was settled before.
#include <gtest/gtest.h>

#include "tests/unit/persist/journal/journal_world.h"

namespace lepus::persist {
namespace {

using test::Content;
using test::JournalWorld;
using test::Position;

class JournalSyncModesTest : public ::testing::TestWithParam<SyncMode> {};

/// Old messages in front, traffic behind them that makes the old ones move, a power cut.
void play(SyncMode mode, std::uint64_t seed) {
  SCOPED_TRACE(seed);
  io::SimFaults faults;
  faults.delay_ns_max = core::nanos_per_ms;
  JournalWorld world(seed, faults);
  core::Random random(seed);
  world.sync = mode;
  ASSERT_EQ(world.start(), "");
  for (int life = 0; life < 4; ++life) {
    for (int i = 0; i < 5; ++i) world.publish({1}, 200);
    const std::uint64_t turn_count = 50 + random.below(300);
    for (std::uint64_t i = 0; i < turn_count; ++i) {
      for (std::uint64_t count = random.below(6); count > 0; --count)
        world.publish({2 + random.below(3)}, random.below(9000));
      world.settle_unless([&](const Position& at) { return at.first == 1 || random.chance(40); });
      world.turn();
    }
    const Content synced = world.possible().front();
    const Content now = world.content();
    world.crash(/*power_cut=*/true);
    ASSERT_EQ(world.start(), "");
    const Content after = world.content();
    for (const auto& [position, text] : synced) {
      if (now.contains(position)) {
        EXPECT_TRUE(after.contains(position)) << "message " << text << " is lost";
      }
    }
    // Published before the last sync, for a later one of its queue was there then.
    std::map<std::uint64_t, std::uint64_t> newest;
    for (const auto& [position, text] : synced) newest[position.first] = position.second;
    for (const auto& [position, text] : after) {
      if (newest.contains(position.first) && position.second < newest[position.first]) {
        EXPECT_TRUE(synced.contains(position)) << "message " << text << " came back";
      }
    }
    if (::testing::Test::HasFailure()) return;
  }
}

TEST_P(JournalSyncModesTest, APowerCutTakesNothingThatWasSynced) {
  for (std::uint64_t seed = 1; seed <= 60; ++seed) {
    play(GetParam(), seed);
    if (HasFailure()) return;
  }
}

TEST_P(JournalSyncModesTest, AKillTakesNothing) {
  JournalWorld world(3);
  world.sync = GetParam();
  ASSERT_EQ(world.start(), "");
  for (int i = 0; i < 200; ++i) {
    world.publish({1}, 3000);
    if (i % 3 == 0) world.turn();
  }
  ASSERT_TRUE(world.settle_down());
  const Content before = world.content();
  world.crash(/*power_cut=*/false);
  ASSERT_EQ(world.start(), "");
  EXPECT_EQ(world.content(), before);
}

INSTANTIATE_TEST_SUITE_P(Modes, JournalSyncModesTest,
                         ::testing::Values(SyncMode::always, SyncMode::interval, SyncMode::os));

}  // namespace
}  // namespace lepus::persist
