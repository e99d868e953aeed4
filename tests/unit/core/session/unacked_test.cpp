// The window of unacked deliveries against a std::map.
#include "core/session/unacked.h"

#include <gtest/gtest.h>

#include <map>

#include "core/base/random.h"

namespace lepus::core {
namespace {

using Entry = UnackedWindow::Entry;

Entry entry(std::uint64_t tag, bool limited = false) {
  Entry made;
  made.tag = tag;
  made.sequence = tag * 10;
  made.limited = limited;
  return made;
}

std::vector<std::uint64_t> tags_of(const std::vector<Entry>& entries) {
  std::vector<std::uint64_t> found;
  for (const Entry& one : entries) found.push_back(one.tag);
  return found;
}

using Tags = std::vector<std::uint64_t>;

UnackedWindow::Entries list_of(const std::vector<Entry>& entries) {
  UnackedWindow::Entries list;
  for (const Entry& one : entries) list.push_back(one);
  return list;
}

std::vector<Entry> take_up_to(UnackedWindow& window, std::uint64_t tag) {
  std::vector<Entry> out;
  std::size_t budget = SIZE_MAX;
  EXPECT_FALSE(window.take_up_to(tag == 0 ? UINT64_MAX : tag, budget, out));
  return out;
}

/// A few at a time.
void put_back(UnackedWindow& window, const std::vector<Entry>& entries) {
  UnackedWindow::Lists lists;
  lists[0] = list_of(entries);
  window.begin_put_back(std::move(lists));
  bool has_more = true;
  while (has_more) {
    std::size_t budget = 3;
    has_more = window.put_back_piece(budget);
  }
}

TEST(UnackedWindow, TakesOneOnce) {
  UnackedWindow window;
  EXPECT_FALSE(window.take(1));
  window.add(entry(1));
  window.add(entry(5));  // 2 to 4 needed no acknowledgement.
  EXPECT_FALSE(window.contains(3));
  EXPECT_FALSE(window.take(6));
  EXPECT_EQ(window.take(5)->sequence, 50U);
  EXPECT_FALSE(window.take(5));
  EXPECT_EQ(window.size(), 1U);
  EXPECT_TRUE(window.contains(1));
}

TEST(UnackedWindow, TakeUpToLeavesHolesOut) {
  UnackedWindow window;
  for (std::uint64_t tag = 1; tag <= 6; ++tag) window.add(entry(tag));
  (void)window.take(2);
  EXPECT_EQ(window.count_up_to(4), 4U) << "the hole is one";
  EXPECT_EQ(window.count_up_to(2), std::nullopt);
  EXPECT_EQ(window.count_all(), 6U);
  std::vector<Entry> out{entry(99)};
  std::size_t budget = 3;
  EXPECT_TRUE(window.take_up_to(4, budget, out)) << "4 is left";
  EXPECT_EQ(budget, 0U);
  EXPECT_EQ(tags_of(out), (Tags{99, 1, 3}));
  budget = 3;
  EXPECT_FALSE(window.take_up_to(4, budget, out));
  EXPECT_EQ(budget, 2U);
  EXPECT_EQ(tags_of(out), (Tags{99, 1, 3, 4}));
  EXPECT_EQ(window.size(), 2U);
  EXPECT_EQ(tags_of(take_up_to(window, 0)), (Tags{5, 6}));
  EXPECT_EQ(window.size(), 0U);
}

TEST(UnackedWindow, PutsBackInOrder) {
  UnackedWindow window;
  for (std::uint64_t tag = 1; tag <= 5; ++tag) window.add(entry(tag, tag % 2 == 0));
  std::vector<Entry> out;
  out.push_back(*window.take(4));
  out.push_back(*window.take(2));
  EXPECT_EQ(window.limited().count, 0U);
  put_back(window, out);
  EXPECT_EQ(window.limited().count, 2U);
  EXPECT_EQ(tags_of(take_up_to(window, 0)), (Tags{1, 2, 3, 4, 5}));
}

TEST(UnackedWindow, WhatComesWhileOthersArePutBackIsTheNewest) {
  UnackedWindow window;
  for (std::uint64_t tag = 1; tag <= 6; ++tag) window.add({.tag = tag, .size = 1, .limited = true});
  UnackedWindow::Lists lists;
  const Entry fifth = *window.take(5);
  lists[0] = list_of({fifth, *window.take(2)});
  lists[2] = list_of({*window.take(3)});
  window.begin_put_back(std::move(lists));
  EXPECT_EQ(window.size(), 6U) << "they count at once";
  EXPECT_EQ(window.limited().count, 6U);
  std::size_t budget = 2;
  EXPECT_TRUE(window.put_back_piece(budget));
  EXPECT_EQ(budget, 0U);
  window.add({.tag = 7, .size = 1});
  budget = 100;
  EXPECT_FALSE(window.put_back_piece(budget));
  EXPECT_EQ(tags_of(take_up_to(window, 0)), (Tags{1, 2, 3, 4, 5, 6, 7}));
  EXPECT_FALSE(window.has_entries());
}

TEST(UnackedWindow, TheOldestAreTakenPieceByPieceAlsoInTheMiddleOfThat) {
  UnackedWindow window;
  for (std::uint64_t tag = 1; tag <= 5; ++tag) window.add({.tag = tag});
  UnackedWindow::Lists lists;
  lists[1] = list_of(take_up_to(window, 3));
  window.begin_put_back(std::move(lists));
  Tags tags;
  int pieces = 0;
  for (; window.has_entries() && pieces < 100; ++pieces) {
    std::vector<Entry> out;
    std::size_t budget = 2;
    (void)window.take_up_to(UINT64_MAX, budget, out);
    for (const Entry& one : out) tags.push_back(one.tag);
  }
  EXPECT_EQ(tags, (Tags{1, 2, 3, 4, 5}));
  EXPECT_GE(pieces, 5);
  EXPECT_EQ(window.size(), 0U);
}

/// What the window must do, done the slow way.
class Model {
 public:
  std::map<std::uint64_t, Entry> entries;

  std::size_t limited_count() const {
    std::size_t count = 0;
    for (const auto& [tag, one] : entries) count += one.limited ? 1 : 0;
    return count;
  }
  Tags take_up_to(std::uint64_t tag) {
    Tags taken;
    while (!entries.empty() && (tag == 0 || entries.begin()->first <= tag)) {
      taken.push_back(entries.begin()->first);
      entries.erase(entries.begin());
    }
    return taken;
  }
};

class UnackedWindowModel : public ::testing::TestWithParam<std::uint64_t> {};

TEST_P(UnackedWindowModel, AgreesWithAMap) {
  Random random{GetParam()};
  UnackedWindow window;
  Model model;
  std::vector<Entry> kept_back;
  std::uint64_t next_tag = 1;
  const unsigned add_percent = 35 + static_cast<unsigned>(random.below(30));
  for (int step = 0; step < 8'000; ++step) {
    if (random.chance(add_percent)) {
      if (random.chance(10)) next_tag += random.below(20);
      const Entry added = entry(next_tag++, random.chance(50));
      window.add(added);
      model.entries.emplace(added.tag, added);
    } else if (random.chance(90)) {
      const std::uint64_t tag = 1 + random.below(next_tag + 2);
      const auto taken = window.take(tag);
      const auto expected = model.entries.find(tag);
      ASSERT_EQ(taken.has_value(), expected != model.entries.end());
      if (taken) {
        ASSERT_EQ(taken->sequence, expected->second.sequence);
        if (random.chance(20)) kept_back.push_back(*taken);
        model.entries.erase(expected);
      }
    } else if (random.chance(70)) {
      const std::uint64_t tag = random.chance(5) ? 0 : 1 + random.below(next_tag);
      ASSERT_EQ(tags_of(take_up_to(window, tag)), model.take_up_to(tag));
    } else {
      for (const Entry& one : kept_back) model.entries.emplace(one.tag, one);
      put_back(window, std::exchange(kept_back, {}));
    }
    ASSERT_EQ(window.size(), model.entries.size());
    ASSERT_EQ(window.limited().count, model.limited_count());
    const std::uint64_t probe = 1 + random.below(next_tag);
    ASSERT_EQ(window.contains(probe), model.entries.contains(probe));
  }
}

TEST(UnackedWindow, WhatWasGivenBackKeepsItsTag) {
  UnackedWindow window;
  const UnackedWindow::ConsumerKey late{{1, 1}, 0};
  const UnackedWindow::ConsumerKey other{{1, 1}, 1};  // On another shard.
  window.add({.tag = 1, .consumer = late.consumer, .limited = true});
  window.add({.tag = 2, .consumer = other.consumer, .home = other.home});
  window.add({.tag = 3, .consumer = late.consumer});
  EXPECT_TRUE(window.has_below(2, late));
  EXPECT_FALSE(window.has_below(2, other));
  std::vector<Entry> out;
  window.give_back(late, out);
  EXPECT_EQ(out.size(), 2U);
  EXPECT_EQ(window.size(), 1U);
  EXPECT_EQ(window.limited().count, 0U);
  EXPECT_FALSE(window.has_below(9, late));
  EXPECT_TRUE(window.take(1)->returned) << "the client may answer it yet";
  EXPECT_FALSE(window.take(1));
  out = take_up_to(window, 0);
  ASSERT_EQ(out.size(), 2U);
  EXPECT_FALSE(out[0].returned);
  EXPECT_TRUE(out[1].returned);
  EXPECT_EQ(window.size(), 0U);
}

TEST(UnackedWindow, WhatOneHoldsForLongDoesNotKeepTheRest) {
  UnackedWindow window;
  window.add(entry(1));
  std::uint64_t tag = 2;
  for (; tag < 100'000; ++tag) {
    window.add(entry(tag));
    if (tag % 10'000 == 0) continue;  // Held as well.
    ASSERT_EQ(window.take(tag)->sequence, tag * 10);
    ASSERT_LE(window.capacity(), 4'096U);
  }
  EXPECT_EQ(window.size(), 10U);
  EXPECT_EQ(window.take(20'000)->sequence, 200'000U);
  EXPECT_FALSE(window.contains(20'001));
  EXPECT_EQ(tags_of(take_up_to(window, 0)),
            (Tags{1, 10'000, 30'000, 40'000, 50'000, 60'000, 70'000, 80'000, 90'000}));
}

TEST(UnackedWindow, HolesAreClosedAFewAtATimeWhileAllIsFound) {
  UnackedWindow window;
  constexpr std::uint64_t count = 20'000;
  for (std::uint64_t tag = 1; tag <= count; ++tag) window.add(entry(tag));
  const std::size_t full = window.capacity();
  std::uint64_t next_tag = count + 1;
  // Every fourth is held, and some come meanwhile.
  for (std::uint64_t tag = 1; tag <= count; ++tag) {
    if (tag % 4 == 0) continue;
    ASSERT_EQ(window.take(tag)->tag, tag);
    ASSERT_FALSE(window.contains(tag));
    ASSERT_EQ(window.contains(tag - 1), tag % 4 == 1 && tag > 1);
    if (tag % 8 == 1) window.add(entry(next_tag++));
    ASSERT_TRUE(window.contains(next_tag - 1));
  }
  EXPECT_EQ(window.size(), count / 4 + count / 8);
  EXPECT_LT(window.capacity(), full);
  std::uint64_t before = 0;
  for (const Entry& one : take_up_to(window, 0)) {
    ASSERT_LT(before, one.tag);
    before = one.tag;
  }
  EXPECT_EQ(before, next_tag - 1);
}

TEST(UnackedWindow, ItsMemoryIsCountedAndGivenBack) {
  std::uint64_t bytes = 0;
  UnackedWindow window{&bytes};
  constexpr std::uint64_t count = 100'000;
  for (std::uint64_t tag = 1; tag <= count; ++tag) window.add(entry(tag));
  EXPECT_GE(bytes, count * sizeof(Entry));
  EXPECT_LE(bytes, (count + 2 * limits::unacked_block_entries) * sizeof(Entry));
  (void)take_up_to(window, count / 2);
  EXPECT_LE(bytes, (count / 2 + 3 * limits::unacked_block_entries) * sizeof(Entry));
  (void)take_up_to(window, 0);
  EXPECT_LE(bytes, limits::unacked_block_entries * sizeof(Entry));
  // The same out of order, which leaves nothing but holes.
  for (std::uint64_t tag = count + 1; tag <= 2 * count; ++tag) window.add(entry(tag));
  for (std::uint64_t tag = 2 * count; tag > count; --tag) ASSERT_TRUE(window.take(tag));
  EXPECT_LE(bytes, 2 * limits::unacked_block_entries * sizeof(Entry));
  EXPECT_FALSE(window.has_entries());
}

TEST(UnackedWindow, WhatIsClaimedIsNotFoundOfItsConsumer) {
  UnackedWindow window;
  const UnackedWindow::ConsumerKey consumer{{1, 1}, 0};
  for (std::uint64_t tag = 1; tag <= 4; ++tag)
    window.add({.tag = tag, .consumer = consumer.consumer});
  window.claim_up_to(3);
  EXPECT_FALSE(window.has_below(4, consumer));
  EXPECT_TRUE(window.has_below(5, consumer));
  std::vector<Entry> out;
  window.give_back(consumer, out);
  EXPECT_EQ(tags_of(out), Tags{4});
  window.claim_up_to(0);
  EXPECT_TRUE(window.has_below(2, consumer));
}

INSTANTIATE_TEST_SUITE_P(Seeds, UnackedWindowModel, ::testing::Range<std::uint64_t>(0, 12));

}  // namespace
}  // namespace lepus::core
