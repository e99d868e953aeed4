// The intrusive list against std::list.
#include "core/base/intrusive_list.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <list>

#include "core/base/random.h"

namespace lepus::core {
namespace {

struct Item : ListNode<Item> {
  int number = 0;
};

TEST(IntrusiveList, EqualsAStdList) {
  Random random{7};
  std::array<Item, 24> items;
  for (std::size_t i = 0; i < items.size(); ++i) items[i].number = static_cast<int>(i);
  IntrusiveList<Item> list;
  std::list<Item*> model;
  for (int step = 0; step < 20'000; ++step) {
    Item& item = items[random.below(items.size())];
    const auto at = std::find(model.begin(), model.end(), &item);
    ASSERT_EQ(item.linked(), at != model.end());
    if (item.linked()) {
      if (random.chance(20)) {
        ASSERT_EQ(list.pop_front(), model.front());
        model.pop_front();
      } else {
        list.remove(item);
        model.erase(at);
      }
    } else if (random.chance(50) || model.empty()) {
      list.push_back(item);
      model.push_back(&item);
    } else {
      // Behind a random element, or at the front.
      auto before = model.begin();
      std::advance(before, static_cast<std::ptrdiff_t>(random.below(model.size() + 1)));
      list.insert_after(before == model.begin() ? nullptr : *std::prev(before), item);
      model.insert(before, &item);
    }
    ASSERT_EQ(list.empty(), model.empty());
    Item* walk = model.empty() ? nullptr : &list.front();
    for (Item* expected : model) {
      ASSERT_EQ(walk, expected);
      walk = list.next(*walk);
    }
    ASSERT_EQ(walk, nullptr);
    ASSERT_EQ(list.last(), model.empty() ? nullptr : model.back());
    if (model.size() > 1) {
      ASSERT_EQ(list.previous(*model.back()), *std::prev(model.end(), 2));
      ASSERT_EQ(list.previous(*model.front()), nullptr);
    }
  }
}

TEST(IntrusiveList, LetsItsElementsGoWhenItDies) {
  Item item;
  {
    IntrusiveList<Item> list;
    list.push_back(item);
    EXPECT_TRUE(item.linked());
  }
  EXPECT_FALSE(item.linked());
}

TEST(IntrusiveListDeathTest, MisuseStops) {
  Item item;
  IntrusiveList<Item> list;
  EXPECT_DEATH(list.remove(item), "node.linked");
  EXPECT_DEATH((void)list.front(), "!empty");
  list.push_back(item);
  EXPECT_DEATH(list.push_back(item), "!node.linked");
}

}  // namespace
}  // namespace lepus::core
