// What is kept of values over time, and what is shown of it.
#include "tools/server/samples/history.h"

#include <gtest/gtest.h>

#include <array>

namespace lepus::server {

namespace {

constexpr std::uint64_t start = 1'800'000'000;

/// One value that is the time it was added at.
History filled(std::uint64_t seconds) {
  History history{node_history_levels(), 1};
  for (std::uint64_t time = start; time <= start + seconds; time += 5)
    history.add(time, std::array{time - start});
  return history;
}

TEST(HistoryTest, ShowsNothingBeforeTheFirstSample) {
  const History history{node_history_levels(), 2};
  EXPECT_TRUE(history.points(1, start, 60, 5).empty());
}

TEST(HistoryTest, GivesTheLastMinuteNewestFirst) {
  const auto points = filled(600).points(0, start + 600, 60, 5);
  ASSERT_EQ(points.size(), 13U);
  EXPECT_EQ(points.front().time_s, start + 600);
  EXPECT_EQ(points.front().value, 600U);
  EXPECT_EQ(points.back().time_s, start + 540);
  EXPECT_EQ(points.back().value, 540U);
}

TEST(HistoryTest, TakesTheCoarserRingForOlderSamples) {
  const auto points = filled(24 * 3600).points(0, start + 24 * 3600, 24 * 3600, 1800);
  ASSERT_EQ(points.size(), 49U);
  for (const History::Point& point : points)
    EXPECT_NEAR(static_cast<double>(point.value), static_cast<double>(point.time_s - start), 60);
}

TEST(HistoryTest, EndsWhereTheRingDoes) {
  const auto points = filled(100).points(0, start + 100, 600, 5);
  EXPECT_EQ(points.size(), 21U);
  EXPECT_EQ(points.back().value, 0U);
}

TEST(HistoryTest, FillsAGapWithTheSampleBefore) {
  History history{object_history_levels(), 1};
  history.add(start, std::array<std::uint64_t, 1>{7});
  history.add(start + 30, std::array<std::uint64_t, 1>{9});
  const auto points = history.points(0, start + 30, 30, 10);
  ASSERT_EQ(points.size(), 4U);
  EXPECT_EQ(points[0].value, 9U);
  EXPECT_EQ(points[1].value, 7U);
  EXPECT_EQ(points[3].value, 7U);
}

TEST(HistoryTest, ForgetsWhatIsOlderThanItsRings) {
  History history = filled(600);
  history.add(start + 100'000, std::array<std::uint64_t, 1>{5});
  const auto points = history.points(0, start + 100'000, 600, 5);
  ASSERT_EQ(points.size(), 1U);
  EXPECT_EQ(points[0].value, 5U);
}

TEST(HistoryTest, DropsASampleThatIsOlderThanTheNewest) {
  History history = filled(600);
  history.add(start + 100, std::array<std::uint64_t, 1>{12345});
  for (const History::Point& point : history.points(0, start + 600, 600, 5))
    EXPECT_NE(point.value, 12345U);
}

TEST(HistoryTest, IsBoundedWhateverIsAsked) {
  const History history = filled(600);
  EXPECT_LE(history.points(0, start + 600, UINT32_MAX, 1).size(), 49U);
  EXPECT_LE(history.points(0, 0, UINT32_MAX, 1).size(), 1U);
}

}  // namespace

}  // namespace lepus::server
