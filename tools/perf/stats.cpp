// Sums and differences of the workers' counters.
#include "tools/perf/stats.h"

#include <array>

namespace lepus::perf {

namespace {

struct CounterPair {
  Counter Stats::*counter;
  uint64_t StatsCounts::*sum;
};
constexpr std::array counter_pairs{
    CounterPair{&Stats::published, &StatsCounts::published},
    CounterPair{&Stats::delivered, &StatsCounts::delivered},
    CounterPair{&Stats::redelivered, &StatsCounts::redelivered},
    CounterPair{&Stats::confirmed, &StatsCounts::confirmed},
    CounterPair{&Stats::nacked, &StatsCounts::nacked},
    CounterPair{&Stats::returned, &StatsCounts::returned},
    CounterPair{&Stats::blocked, &StatsCounts::blocked},
    CounterPair{&Stats::rejected, &StatsCounts::rejected},
    CounterPair{&Stats::polled_empty, &StatsCounts::polled_empty},
    CounterPair{&Stats::operations, &StatsCounts::operations},
    CounterPair{&Stats::connected, &StatsCounts::connected},
    CounterPair{&Stats::lost, &StatsCounts::lost},
};

struct HistogramPair {
  Histogram Stats::*histogram;
  HistogramCounts StatsSnapshot::*sum;
};
constexpr std::array histogram_pairs{
    HistogramPair{&Stats::latency, &StatsSnapshot::latency},
    HistogramPair{&Stats::confirm_latency, &StatsSnapshot::confirm_latency},
    HistogramPair{&Stats::send_lag, &StatsSnapshot::send_lag},
    HistogramPair{&Stats::connect_latency, &StatsSnapshot::connect_latency},
};

}  // namespace

void StatsSnapshot::add(const Stats& stats) {
  for (const CounterPair& pair : counter_pairs) this->*pair.sum += (stats.*pair.counter).get();
  for (const HistogramPair& pair : histogram_pairs) (stats.*pair.histogram).add_to(this->*pair.sum);
}

void StatsSnapshot::add(const StatsSnapshot& other) {
  for (const CounterPair& pair : counter_pairs) this->*pair.sum += other.*pair.sum;
  for (const HistogramPair& pair : histogram_pairs) (this->*pair.sum).add(other.*pair.sum);
}

StatsSnapshot StatsSnapshot::since(const StatsSnapshot& earlier) const {
  StatsSnapshot difference;
  for (const CounterPair& pair : counter_pairs)
    difference.*pair.sum = this->*pair.sum - earlier.*pair.sum;
  for (const HistogramPair& pair : histogram_pairs)
    difference.*pair.sum = (this->*pair.sum).since(earlier.*pair.sum);
  return difference;
}

}  // namespace lepus::perf
