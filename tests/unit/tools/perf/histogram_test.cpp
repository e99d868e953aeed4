// Histogram: bucket bounds cover all values without gaps, the error stays below 1 %, differences of
// snapshots count only what came in between.
#include "tools/perf/histogram.h"

#include <gtest/gtest.h>

#include "tools/perf/client/confirm_window.h"

namespace lepus::perf {

TEST(Histogram, BucketsAreContiguousAndNarrow) {
  for (size_t bucket = 0; bucket + 1 < histogram_bucket_count; ++bucket) {
    const uint64_t top = bucket_value_max(bucket);
    ASSERT_EQ(bucket_of(top), bucket);
    ASSERT_EQ(bucket_of(top + 1), bucket + 1);
    const uint64_t next = bucket_value_max(bucket + 1);
    ASSERT_LE(static_cast<double>(next - top), 1.0 + static_cast<double>(top) / 127);
  }
  EXPECT_EQ(bucket_of(UINT64_MAX), histogram_bucket_count - 1);
}

TEST(Histogram, PercentilesAreWithinOnePercent) {
  Histogram histogram;
  for (uint64_t value = 1; value <= 100000; ++value) histogram.record(value);
  HistogramCounts counts;
  histogram.add_to(counts);
  EXPECT_EQ(counts.count(), 100000u);
  EXPECT_EQ(counts.max(), 100000u);
  EXPECT_NEAR(static_cast<double>(counts.percentile(0.5)), 50000, 500);
  EXPECT_NEAR(static_cast<double>(counts.percentile(0.999)), 99900, 999);
  EXPECT_EQ(counts.percentile(1), 100000u);
  EXPECT_NEAR(counts.mean(), 50000.5, 500);
}

TEST(Histogram, DifferenceCountsOnlyTheInterval) {
  Histogram histogram;
  for (int i = 0; i < 10; ++i) histogram.record(1000000);
  HistogramCounts before;
  histogram.add_to(before);
  for (int i = 0; i < 5; ++i) histogram.record(100);
  HistogramCounts after;
  histogram.add_to(after);
  const HistogramCounts interval = after.since(before);
  EXPECT_EQ(interval.count(), 5u);
  EXPECT_EQ(interval.percentile(0.5), 100u);
  EXPECT_EQ(interval.max(), 100u);
}

TEST(Histogram, SumsAndDistributionsCoverAllSamples) {
  Histogram histogram;
  for (uint64_t value = 1; value <= 100000; ++value) histogram.record(value);
  HistogramCounts counts;
  histogram.add_to(counts);
  HistogramCounts sum;
  sum.add(counts);
  sum.add(counts);
  EXPECT_EQ(sum.count(), 200000u);
  EXPECT_EQ(sum.percentile(0.5), counts.percentile(0.5));
  const auto points = sum.distribution();
  ASSERT_FALSE(points.empty());
  EXPECT_LT(points.size(), 400u);
  EXPECT_EQ(points.back().fraction, 1);
  EXPECT_EQ(points.back().value, 100000u);
  for (size_t index = 1; index < points.size(); ++index) {
    EXPECT_GT(points[index].value, points[index - 1].value);
    EXPECT_NEAR(points[index].fraction, static_cast<double>(points[index].value) / 100000, 0.011);
  }
  EXPECT_TRUE(HistogramCounts().distribution().empty());
}

TEST(ConfirmWindow, AcksOutOfOrderAndMultiple) {
  ConfirmWindow window(4);
  for (uint64_t time = 11; time <= 14; ++time) window.on_publish(time);
  EXPECT_EQ(window.free_count(), 0u);
  std::vector<uint64_t> done;
  const auto note = [&](uint64_t time) { done.push_back(time); };
  window.on_confirm(2, false, note);
  EXPECT_EQ(window.free_count(), 0u);
  window.on_confirm(3, true, note);
  EXPECT_EQ(done, (std::vector<uint64_t>{12, 11, 13}));
  EXPECT_EQ(window.free_count(), 3u);
  window.on_confirm(0, true, note);
  EXPECT_EQ(window.unconfirmed_count(), 0u);
  EXPECT_THROW(window.on_confirm(5, false, note), PerfError);
}

}  // namespace lepus::perf
