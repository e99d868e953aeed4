// Sums and differences of the workers' counters.
#include "tools/perf/stats.h"

namespace lepus::perf {

void StatsSnapshot::add(const Stats& stats) {
  published += stats.published.get();
  delivered += stats.delivered.get();
  redelivered += stats.redelivered.get();
  confirmed += stats.confirmed.get();
  nacked += stats.nacked.get();
  returned += stats.returned.get();
  blocked += stats.blocked.get();
  stats.latency.add_to(latency);
  stats.confirm_latency.add_to(confirm_latency);
  stats.send_lag.add_to(send_lag);
}

StatsSnapshot StatsSnapshot::since(const StatsSnapshot& earlier) const {
  StatsSnapshot difference;
  difference.published = published - earlier.published;
  difference.delivered = delivered - earlier.delivered;
  difference.redelivered = redelivered - earlier.redelivered;
  difference.confirmed = confirmed - earlier.confirmed;
  difference.nacked = nacked - earlier.nacked;
  difference.returned = returned - earlier.returned;
  difference.blocked = blocked - earlier.blocked;
  difference.latency = latency.since(earlier.latency);
  difference.confirm_latency = confirm_latency.since(earlier.confirm_latency);
  difference.send_lag = send_lag.since(earlier.send_lag);
  return difference;
}

}  // namespace lepus::perf
