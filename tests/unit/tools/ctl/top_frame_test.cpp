// One look of top: order, filter, and what fits.
#include "tools/ctl/top_frame.h"

#include <gtest/gtest.h>

namespace lepus::ctl {
namespace {

TopRows rows() {
  return {{"name", "messages"}, {{"a", "9"}, {"b", "10"}, {"other", "x"}, {"c", "1"}}};
}
std::string names(const TopRows& rows) {
  std::string all;
  for (const auto& row : rows.cells) all += row[0] + " ";
  return all;
}

TEST(TopFrame, NumbersAreSortedAsNumbers) {
  TopRows some = rows();
  arrange(some, {.sort_column = 1});
  EXPECT_EQ(names(some), "b a c other ");
  arrange(some, {.sort_column = 1, .is_ascending = true});
  EXPECT_EQ(names(some), "other c a b ");
  arrange(some, {.sort_column = 9});
  EXPECT_EQ(some.cells.size(), 4U) << "a column that is not there is the last";
}

TEST(TopFrame, FilterOfNames) {
  TopRows some = rows();
  arrange(some, {.filter = "th"});
  EXPECT_EQ(names(some), "other ");
}

TEST(TopFrame, CutToTheTerminal) {
  TopRows some = rows();
  TopChoice choice{.sort_column = 1, .selected = 9};
  const std::string text = frame_of(some, choice, {12, 3}, false);
  EXPECT_EQ(choice.selected, 3U);
  EXPECT_EQ(text, "name   messa\nother       \nc           \n");
  choice.is_detailed = true;
  EXPECT_NE(frame_of(some, choice, {80, 24}, true).find("messages"), std::string::npos);
  TopRows none{{"name"}, {}};
  EXPECT_EQ(frame_of(none, choice, {80, 24}, true), "nothing to show\n");
}

TEST(TopFrame, TheSelectedRowIsMarked) {
  TopRows some = rows();
  TopChoice choice;
  EXPECT_NE(frame_of(some, choice, {80, 24}, true).find("\x1b[7m"), std::string::npos);
  EXPECT_EQ(frame_of(some, choice, {80, 24}, false).find("\x1b[7m"), std::string::npos);
}

}  // namespace
}  // namespace lepus::ctl
