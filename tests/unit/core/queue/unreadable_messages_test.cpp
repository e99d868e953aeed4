// Which messages are parked, in order, and how they are taken out.
#include "core/queue/unreadable_messages.h"

#include <gtest/gtest.h>

namespace lepus::core {
namespace {

TEST(UnreadableMessages, AreInOrderOfTheirPositionsAndEachOnce) {
  UnreadableMessages messages;
  messages.add({7});
  messages.add({3, DeathReason::expired});
  messages.add({7, DeathReason::rejected});
  ASSERT_EQ(messages.count(), 2U);
  EXPECT_EQ(messages.all()[0].sequence, 3U);
  EXPECT_EQ(messages.all()[1].reason, std::nullopt) << "as it was when it came";
  EXPECT_EQ(messages.given_up_count(), 1U);
  EXPECT_TRUE(messages.contains(3));
  EXPECT_FALSE(messages.contains(4));
}

TEST(UnreadableMessages, TakesAPieceOrOne) {
  UnreadableMessages messages;
  for (const Sequence sequence : {1, 2, 3, 4}) messages.add({sequence});
  EXPECT_EQ(messages.count_below(1), 0U);
  EXPECT_EQ(messages.count_below(3), 2U);
  EXPECT_EQ(messages.count_below(9), 4U);
  EXPECT_TRUE(messages.take({.position = 9}, 5).empty());
  ASSERT_EQ(messages.take({.position = 3}, 5).size(), 1U);
  EXPECT_FALSE(messages.contains(3));
  const auto taken = messages.take({}, 2);
  ASSERT_EQ(taken.size(), 2U);
  EXPECT_EQ(taken[1].sequence, 2U);
  messages.remove(4);
  messages.remove(4);
  EXPECT_EQ(messages.count(), 0U);
}

TEST(UnreadableMessages, CountsThoseThatWereGivenUp) {
  UnreadableMessages messages;
  messages.add({1, DeathReason::maxlen});
  messages.add({2, DeathReason::maxlen});
  messages.remove(1);
  EXPECT_EQ(messages.given_up_count(), 1U);
  (void)messages.take({}, 5);
  EXPECT_EQ(messages.given_up_count(), 0U);
}

}  // namespace
}  // namespace lepus::core
