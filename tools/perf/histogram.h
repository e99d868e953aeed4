// Latency histogram with logarithmic buckets: 128 buckets for each power of two, so that a bucket
// is at most 1/128 of its value wide (error below 0.8 %). Recording is a shift and an increment,
// without allocation.
//
//   value < 256          bucket = value                      (exact)
//   value in 2^m..2^m+1  shift = m - 7, bucket = shift * 128 + (value >> shift)
//
// Histogram has one writer (its worker thread); any thread may take a snapshot while it is written.
// Intervals, warm-up included, are differences of snapshots.
#pragma once

#include <atomic>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

namespace lepus::perf {

constexpr unsigned histogram_bits = 7;
constexpr size_t histogram_bucket_count =
    (64 - histogram_bits) * (size_t{1} << histogram_bits) + (size_t{1} << histogram_bits);

constexpr size_t bucket_of(uint64_t value) {
  const unsigned width = static_cast<unsigned>(std::bit_width(value));
  const unsigned shift = width > histogram_bits + 1 ? width - histogram_bits - 1 : 0;
  return (size_t{shift} << histogram_bits) + static_cast<size_t>(value >> shift);
}

// The largest value that falls into the bucket.
constexpr uint64_t bucket_value_max(size_t bucket) {
  constexpr size_t per_octave = size_t{1} << histogram_bits;
  if (bucket < 2 * per_octave) return bucket;
  const size_t shift = bucket / per_octave - 1;
  const uint64_t base = bucket - shift * per_octave;
  return ((base + 1) << shift) - 1;
}

// Plain counts: a snapshot, a sum of several, or the difference of two. It takes memory up to its
// highest bucket in use, so a long run can keep one for every second.
class HistogramCounts {
 public:
  uint64_t count() const { return count_; }
  // Exact since the last Histogram::reset_max() of the histograms that went into this snapshot.
  uint64_t max() const { return max_; }
  double mean() const;
  // Value at or below which `fraction` (0..1) of the samples lie; 0 when there are none.
  uint64_t percentile(double fraction) const;

  // `bucket` < histogram_bucket_count.
  void add(size_t bucket, uint64_t count) {
    if (bucket >= counts_.size()) counts_.resize(bucket + 1);
    counts_[bucket] += count;
    count_ += count;
  }
  void raise_max(uint64_t value) {
    if (value > max_) max_ = value;
  }
  void add(const HistogramCounts& other);
  HistogramCounts since(const HistogramCounts& earlier) const;

  // Counts by bucket, up to the highest in use.
  const std::vector<uint64_t>& counts() const { return counts_; }
  struct Point {
    uint64_t value = 0;
    double fraction = 0;  // of the samples at or below the value; rising, the last is 1
  };
  // The cumulative distribution in a few hundred points, dense towards the high percentiles.
  std::vector<Point> distribution() const;

 private:
  std::vector<uint64_t> counts_;
  uint64_t count_ = 0;
  uint64_t max_ = 0;
};

class Histogram {
 public:
  Histogram() : counts_(std::make_unique<std::atomic<uint64_t>[]>(histogram_bucket_count)) {}

  void record(uint64_t value) {
    bump(counts_[bucket_of(value)]);
    if (value > max_.load(std::memory_order_relaxed)) max_.store(value, std::memory_order_relaxed);
  }
  void add_to(HistogramCounts& sum) const;
  void reset_max() { max_.store(0, std::memory_order_relaxed); }

 private:
  // A plain increment: there is one writer, the atomic only makes the concurrent snapshot well
  // defined.
  static void bump(std::atomic<uint64_t>& counter) {
    counter.store(counter.load(std::memory_order_relaxed) + 1, std::memory_order_relaxed);
  }

  std::unique_ptr<std::atomic<uint64_t>[]> counts_;
  std::atomic<uint64_t> max_{0};
};

}  // namespace lepus::perf
