// The slab: stable addresses, generations that tell stale handles, and destruction of what is left.
#include "core/base/slab.h"

#include <gtest/gtest.h>

#include <map>
#include <set>
#include <vector>

#include "core/base/random.h"

namespace lepus::core {
namespace {

/// Counts its lives.
struct Tracked {
  Tracked(int number, int& count) : value(number), live(count) { ++live; }
  Tracked(const Tracked&) = delete;
  Tracked& operator=(const Tracked&) = delete;
  ~Tracked() { --live; }
  int value;
  int& live;
};

TEST(Slab, FindsWhatLivesAndOnlyThat) {
  int live = 0;
  Slab<Tracked> slab;
  const auto [first, object] = slab.create(5, live);
  EXPECT_NE(first.generation, 0U);
  EXPECT_EQ(slab.find(first.slot, first.generation), object);
  EXPECT_EQ(slab.find(first.slot, first.generation + 1), nullptr);
  EXPECT_EQ(slab.find(999'999, first.generation), nullptr);
  slab.destroy(first.slot);
  EXPECT_EQ(slab.find(first.slot, first.generation), nullptr);
  const auto [second, again] = slab.create(6, live);
  EXPECT_EQ(second.slot, first.slot);  // Freed last, given out first.
  EXPECT_NE(second.generation, first.generation);
  EXPECT_EQ(slab.find(first.slot, first.generation), nullptr);
  EXPECT_EQ(slab.find(second.slot, second.generation), again);
}

TEST(Slab, EqualsAMap) {
  struct Entry {
    Slab<Tracked>::Handle handle;
    Tracked* object;
    int value;
  };
  Random random{3};
  int live = 0;
  {
    Slab<Tracked> slab;
    std::vector<Entry> entries;
    std::vector<Slab<Tracked>::Handle> stale;
    for (int step = 0; step < 5'000; ++step) {
      if (entries.empty() || random.chance(52)) {
        const auto [handle, object] = slab.create(step, live);
        entries.push_back({handle, object, step});
      } else {
        const std::size_t at = random.below(entries.size());
        slab.destroy(entries[at].handle.slot);
        stale.push_back(entries[at].handle);
        entries.erase(entries.begin() + static_cast<std::ptrdiff_t>(at));
      }
      ASSERT_EQ(slab.live_count(), entries.size());
      ASSERT_EQ(live, static_cast<int>(entries.size()));
      for (const Entry& one : entries) {
        ASSERT_EQ(slab.find(one.handle.slot, one.handle.generation), one.object);
        ASSERT_EQ(one.object->value, one.value);
      }
      if (!stale.empty()) {
        const auto& old = stale[random.below(stale.size())];
        ASSERT_EQ(slab.find(old.slot, old.generation), nullptr);
      }
    }
    std::set<int> visited;
    slab.for_each([&](Slab<Tracked>::Handle, Tracked& one) { visited.insert(one.value); });
    EXPECT_EQ(visited.size(), entries.size());
  }
  EXPECT_EQ(live, 0);
}

TEST(SlabDeathTest, DestroyingTwiceStops) {
  Slab<int> slab;
  const auto [handle, object] = slab.create(1);
  slab.destroy(handle.slot);
  EXPECT_DEATH(slab.destroy(handle.slot), "cell.live");
}

}  // namespace
}  // namespace lepus::core
