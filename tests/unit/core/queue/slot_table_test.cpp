// Pages of slots: made when needed, given back when they ran empty.
#include "core/queue/backlog/slot_table.h"

#include <gtest/gtest.h>

#include <string>

namespace lepus::core {
namespace {

constexpr Sequence page_slots = SlotPage::size;

class SlotTableTest : public ::testing::Test {
 protected:
  void add(Sequence sequence) {
    Slot& slot = table_.add(sequence);
    slot.set_evicted({1, 8, 8}, 1, false);
    slot.set_state(Slot::State::ready);
  }
  bool remove(Sequence sequence) {
    table_.at(sequence) = {};
    return table_.remove(sequence);
  }
  bool is_there(Sequence sequence) const { return table_.state(sequence) == Slot::State::ready; }

  SlotTable table_;
};

TEST_F(SlotTableTest, WhatIsNotThereIsGone) {
  EXPECT_FALSE(is_there(0));
  add(0);
  EXPECT_TRUE(is_there(0));
  EXPECT_FALSE(is_there(1));
  EXPECT_FALSE(is_there(10 * page_slots));
  EXPECT_EQ(table_.get(0).body_size(), 1U);
  EXPECT_EQ(table_.end(), page_slots);
}

TEST_F(SlotTableTest, APageThatRanEmptyGoesAndTheTableBeginsBehindIt) {
  for (Sequence i = 0; i < page_slots + 1; ++i) add(i);
  for (Sequence i = 0; i < page_slots - 1; ++i) EXPECT_FALSE(remove(i));
  EXPECT_EQ(table_.begin(), 0U);
  EXPECT_TRUE(remove(page_slots - 1));
  EXPECT_EQ(table_.begin(), page_slots);
  EXPECT_FALSE(is_there(0));
  EXPECT_TRUE(is_there(page_slots));
}

TEST_F(SlotTableTest, OneOldSlotKeepsItsPageOnly) {
  for (Sequence i = 0; i < 3 * page_slots; ++i) add(i);
  for (Sequence i = page_slots; i < 2 * page_slots; ++i)
    EXPECT_EQ(remove(i), i + 1 == 2 * page_slots);
  EXPECT_EQ(table_.begin(), 0U);
  EXPECT_TRUE(table_.page(page_slots).is_empty());
  std::size_t count = 0;
  table_.for_each([&](Sequence, const Slot&) { ++count; });
  EXPECT_EQ(count, 2 * page_slots);
}

TEST_F(SlotTableTest, ThePageThatIsBeingFilledGoesWithTheNextOne) {
  for (Sequence i = 0; i < page_slots; ++i) add(i);
  for (Sequence i = 0; i < page_slots; ++i) EXPECT_EQ(remove(i), i + 1 == page_slots);
  EXPECT_EQ(table_.begin(), 0U);
  add(page_slots);
  EXPECT_EQ(table_.begin(), page_slots);
}

TEST_F(SlotTableTest, AGapMakesNoPages) {
  table_.reset(5);
  add(5);
  add(5 + 10 * page_slots);
  EXPECT_TRUE(table_.page(5 + page_slots).is_empty());
  EXPECT_TRUE(is_there(5 + 10 * page_slots));
  EXPECT_EQ(table_.index_of(5 + 10 * page_slots), 0U);
}

TEST_F(SlotTableTest, AVisitCanEnd) {
  for (Sequence i = 0; i < 10; ++i) add(i);
  std::string seen;
  table_.for_each([&](Sequence sequence, const Slot&) {
    seen += std::to_string(sequence);
    return sequence < 3;
  });
  EXPECT_EQ(seen, "0123");
}

}  // namespace
}  // namespace lepus::core
