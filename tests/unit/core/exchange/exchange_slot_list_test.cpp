// SlotList against a plain vector, through random additions and removals.
#include "core/exchange/slot_list.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <deque>
#include <vector>

#include "core/base/random.h"

namespace lepus::core {
namespace {

struct SlotItem {
  int number = 0;
  std::uint32_t slot = 0;
};

TEST(SlotList, KeepsOrderThroughRemovals) {
  for (std::uint64_t seed = 0; seed < 50; ++seed) {
    Random random{seed};
    std::deque<SlotItem> items;
    SlotList<SlotItem> list;
    std::vector<SlotItem*> model;
    const unsigned adds_percent = seed % 2 == 0 ? 40 : 60;
    for (int step = 0; step < 500; ++step) {
      if (model.empty() || random.chance(adds_percent)) {
        SlotItem& item = items.emplace_back(SlotItem{step});
        list.add(item, &SlotItem::slot);
        model.push_back(&item);
      } else {
        const auto victim = model.begin() + static_cast<std::ptrdiff_t>(random.below(model.size()));
        list.remove(**victim, &SlotItem::slot);
        model.erase(victim);
      }
      std::vector<SlotItem*> seen;
      list.for_each([&](SlotItem& item) { seen.push_back(&item); });
      ASSERT_EQ(seen, model) << "seed " << seed << " step " << step;
      ASSERT_EQ(list.size(), model.size());
      if (!model.empty()) {
        ASSERT_EQ(&list.newest(), model.back());
      }
    }
  }
}

}  // namespace
}  // namespace lepus::core
