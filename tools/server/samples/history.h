// Values of one object over time, for charts: rings of samples, finer ones of the last minutes and
// coarser ones of the last hours. What a ring has no room for any more is forgotten.
//
//   of the node and of virtual hosts    5 s for 10 min, 1 min for 1 h, 10 min for 8 h, 30 min for
//                                       24 h: what RabbitMQ's page asks for
//   of one queue, exchange ...          5 s for 10 min, 1 min for 1 h
//
// One thread. Times are seconds since 1970.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace lepus::server {

/// Samples `step_s` apart for `span_s`.
struct HistoryLevel {
  std::uint32_t step_s;
  std::uint32_t span_s;
};
std::span<const HistoryLevel> node_history_levels();
std::span<const HistoryLevel> object_history_levels();

class History {
 public:
  /// `width`: values of a sample. The levels live as long as the program.
  History(std::span<const HistoryLevel> levels, std::size_t width);

  /// Time does not go back: an older sample is dropped.
  void add(std::uint64_t time_s, std::span<const std::uint64_t> values);

  struct Point {
    std::uint64_t time_s;
    std::uint64_t value;
  };
  /// Of one value, newest first: at most `age_s` old, `step_s` apart, out of the finest ring that
  /// goes back as far. A time without a sample of its own gets the one before it.
  std::vector<Point> points(std::size_t column, std::uint64_t now_s, std::uint32_t age_s,
                            std::uint32_t step_s) const;
  std::size_t width() const { return width_; }

 private:
  struct Ring {
    HistoryLevel level = {};
    std::uint64_t newest = 0;                 ///< Number of the newest sample; 0: there is none.
    std::vector<std::uint64_t> numbers = {};  ///< Of the sample in each slot: its time / step.
    std::vector<std::uint64_t> values = {};   ///< width_ of each slot; empty until the first.
    std::size_t slot_count() const { return numbers.size(); }
  };
  const Ring& ring_for(std::uint32_t age_s) const;

  std::size_t width_;
  std::vector<Ring> rings_;  ///< Finest first.
};

}  // namespace lepus::server
