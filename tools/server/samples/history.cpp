// See history.h.
#include "tools/server/samples/history.h"

#include <algorithm>
#include <array>

#include "core/base/assert.h"

namespace lepus::server {

namespace {

constexpr std::uint32_t minute = 60;
constexpr std::uint32_t hour = 60 * minute;
constexpr std::array node_levels{HistoryLevel{5, 10 * minute}, HistoryLevel{minute, hour},
                                 HistoryLevel{10 * minute, 8 * hour},
                                 HistoryLevel{30 * minute, 24 * hour}};
constexpr std::array object_levels{HistoryLevel{5, 10 * minute}, HistoryLevel{minute, hour}};

}  // namespace

std::span<const HistoryLevel> node_history_levels() { return node_levels; }
std::span<const HistoryLevel> object_history_levels() { return object_levels; }

History::History(std::span<const HistoryLevel> levels, std::size_t width) : width_(width) {
  CHECK(!levels.empty());
  for (const HistoryLevel& level : levels) {
    Ring& ring = rings_.emplace_back();
    ring.level = level;
    // One more than the span has: its both ends are shown.
    ring.numbers.resize(level.span_s / level.step_s + 1);
  }
}

void History::add(std::uint64_t time_s, std::span<const std::uint64_t> values) {
  CHECK(values.size() == width_);
  for (Ring& ring : rings_) {
    const std::uint64_t number = time_s / ring.level.step_s;
    if (number <= ring.newest) continue;
    if (ring.values.empty()) ring.values.resize(ring.slot_count() * width_);
    const std::size_t slot = number % ring.slot_count();
    ring.numbers[slot] = number;
    std::copy(values.begin(), values.end(), ring.values.data() + slot * width_);
    ring.newest = number;
  }
}

const History::Ring& History::ring_for(std::uint32_t age_s) const {
  const auto found = std::find_if(rings_.begin(), rings_.end(),
                                  [&](const Ring& ring) { return ring.level.span_s >= age_s; });
  return found == rings_.end() ? rings_.back() : *found;
}

std::vector<History::Point> History::points(std::size_t column, std::uint64_t now_s,
                                            std::uint32_t age_s, std::uint32_t step_s) const {
  CHECK(column < width_);
  const Ring& ring = ring_for(age_s);
  std::vector<Point> points;
  if (ring.newest == 0) return points;
  const std::uint64_t step = std::max(step_s, ring.level.step_s);
  const std::uint64_t end = now_s / step * step;
  for (std::uint64_t back = 0; back <= age_s && back <= end && points.size() < ring.slot_count();
       back += step) {
    const std::uint64_t time = end - back;
    std::uint64_t number = std::min(time / ring.level.step_s, ring.newest);
    const std::uint64_t oldest =
        ring.newest - std::min<std::uint64_t>(ring.newest - 1, ring.slot_count() - 1);
    while (number >= oldest && ring.numbers[number % ring.slot_count()] != number) --number;
    if (number < oldest) break;
    points.push_back({time, ring.values[number % ring.slot_count() * width_ + column]});
  }
  return points;
}

}  // namespace lepus::server
