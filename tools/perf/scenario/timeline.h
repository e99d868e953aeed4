// Where a running scenario is: which phase, and what it asks of each group. All of it is computed
// from the time and the scenario, so that threads need not talk to each other; only the start is
// set, once, when all clients are connected.
#pragma once

#include <algorithm>
#include <atomic>
#include <cmath>
#include <cstdint>
#include <vector>

#include "tools/perf/client/event_loop.h"
#include "tools/perf/scenario/scenario.h"

namespace lepus::perf {

class Timeline {
 public:
  explicit Timeline(const Scenario& scenario) : scenario_(scenario) {
    double seconds = 0;
    for (const Phase& phase : scenario.phases) {
      seconds += phase.seconds;
      ends_ns_.push_back(static_cast<uint64_t>(seconds * 1e9));
    }
  }

  void start(uint64_t start_ns) { start_ns_.store(start_ns, std::memory_order_release); }
  bool started() const { return start_ns() != never; }
  uint64_t start_ns() const { return start_ns_.load(std::memory_order_acquire); }
  size_t phase_count() const { return ends_ns_.size(); }

  // The phase at that time, phase_count() when all are over. Needs started().
  size_t phase_at(uint64_t now) const {
    const uint64_t passed = now > start_ns() ? now - start_ns() : 0;
    return static_cast<size_t>(std::upper_bound(ends_ns_.begin(), ends_ns_.end(), passed) -
                               ends_ns_.begin());
  }
  uint64_t begin_ns(size_t phase) const {
    return start_ns() + (phase == 0 ? 0 : ends_ns_[phase - 1]);
  }
  uint64_t end_ns(size_t phase) const { return start_ns() + ends_ns_[phase]; }

  const Pace& pace(size_t phase, size_t group) const {
    return scenario_.phases[phase].paces[group];
  }
  // Messages per second of the group at that time within the phase.
  double rate(size_t phase, size_t group, uint64_t now) const {
    const Pace& pace = scenario_.phases[phase].paces[group];
    if (pace.rate_per_s == pace.rate_end_per_s) return pace.rate_per_s;
    const double length = static_cast<double>(end_ns(phase) - begin_ns(phase));
    const double passed = now > begin_ns(phase) ? static_cast<double>(now - begin_ns(phase)) : 0;
    double fraction = std::min(1.0, passed / length);
    if (pace.steps > 1) {
      const double level = std::min(std::floor(fraction * pace.steps), pace.steps - 1.0);
      fraction = level / (pace.steps - 1);
    }
    return pace.rate_per_s + fraction * (pace.rate_end_per_s - pace.rate_per_s);
  }

 private:
  const Scenario& scenario_;
  std::vector<uint64_t> ends_ns_;  // of the phases, since the start
  std::atomic<uint64_t> start_ns_{never};
};

}  // namespace lepus::perf
