// Histogram arithmetic that is not on the message path: snapshots, differences, percentiles.
#include "tools/perf/histogram.h"

#include <algorithm>
#include <cmath>

namespace lepus::perf {

double HistogramCounts::mean() const {
  if (count_ == 0) return 0;
  double sum = 0;
  for (size_t bucket = 0; bucket < counts_.size(); ++bucket) {
    if (counts_[bucket] == 0) continue;
    const double high = static_cast<double>(bucket_value_max(bucket));
    const double low = bucket == 0 ? 0 : static_cast<double>(bucket_value_max(bucket - 1)) + 1;
    sum += static_cast<double>(counts_[bucket]) * (low + high) / 2;
  }
  return sum / static_cast<double>(count_);
}

uint64_t HistogramCounts::percentile(double fraction) const {
  if (count_ == 0) return 0;
  const double rank = std::ceil(fraction * static_cast<double>(count_));
  const uint64_t wanted = std::clamp<uint64_t>(static_cast<uint64_t>(rank), 1, count_);
  uint64_t seen = 0;
  for (size_t bucket = 0; bucket < counts_.size(); ++bucket) {
    seen += counts_[bucket];
    if (seen < wanted) continue;
    const uint64_t value = bucket_value_max(bucket);
    return max_ != 0 ? std::min(value, max_) : value;
  }
  return max_;
}

void HistogramCounts::add(const HistogramCounts& other) {
  for (size_t bucket = 0; bucket < other.counts_.size(); ++bucket) {
    if (other.counts_[bucket] > 0) add(bucket, other.counts_[bucket]);
  }
  raise_max(other.max_);
}

std::vector<HistogramCounts::Point> HistogramCounts::distribution() const {
  constexpr double fraction_step = 0.01;
  constexpr double decade_step = 0.05;  // of 1 - fraction: 20 points from 0.9 to 0.99
  std::vector<Point> points;
  uint64_t seen = 0;
  for (size_t bucket = 0; bucket < counts_.size(); ++bucket) {
    if (counts_[bucket] == 0) continue;
    seen += counts_[bucket];
    const uint64_t value =
        max_ != 0 ? std::min(bucket_value_max(bucket), max_) : bucket_value_max(bucket);
    const double fraction = static_cast<double>(seen) / static_cast<double>(count_);
    const double before = points.empty() ? -1 : points.back().fraction;
    const bool is_far = fraction - before >= fraction_step ||
                        std::log10((1 - before) / (1 - fraction)) >= decade_step;
    if (seen == count_ || is_far) points.push_back({value, fraction});
  }
  return points;
}

HistogramCounts HistogramCounts::since(const HistogramCounts& earlier) const {
  HistogramCounts difference;
  size_t highest = 0;
  for (size_t bucket = 0; bucket < counts_.size(); ++bucket) {
    const uint64_t before = bucket < earlier.counts_.size() ? earlier.counts_[bucket] : 0;
    const uint64_t count = counts_[bucket] - before;
    if (count == 0) continue;
    difference.add(bucket, count);
    highest = bucket;
  }
  // The running maximum may lie outside the interval; the highest bucket in use bounds it.
  if (difference.count_ > 0) difference.max_ = std::min(max_, bucket_value_max(highest));
  return difference;
}

void Histogram::add_to(HistogramCounts& sum) const {
  for (size_t bucket = 0; bucket < histogram_bucket_count; ++bucket) {
    const uint64_t count = counts_[bucket].load(std::memory_order_relaxed);
    if (count != 0) sum.add(bucket, count);
  }
  sum.raise_max(max_.load(std::memory_order_relaxed));
}

}  // namespace lepus::perf
