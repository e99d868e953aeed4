// lepus_bypass_*: the stacks of the kernel bypass, by thread, and their device.
#include <string>

#include "tools/server/metrics/node_metrics.h"

namespace lepus::server {

namespace {

constexpr std::string_view prefix_bypass = "lepus_bypass_";

/// Counters that share a metric follow each other.
void write_counters(const BypassFacts& facts, MetricsText& out) {
  const auto& names = net::bypass::counter_facts();
  std::string_view metric;
  for (std::size_t i = 0; i < names.size(); ++i) {
    const net::bypass::CounterFacts& one = names[i];
    if (one.metric != metric)
      out.begin(prefix_bypass,
                {one.metric, one.is_gauge ? metric_gauge : metric_counter, one.help});
    metric = one.metric;
    for (std::size_t shard = 0; shard < facts.shards.size(); ++shard) {
      const std::string thread = "shard-" + std::to_string(shard);
      MetricLabels labels{{"thread", thread}};
      if (!one.label.empty()) labels.add(one.label, one.value);
      out.sample(labels, facts.shards[shard][i]);
    }
  }
}

}  // namespace

void write_bypass(const BypassFacts& facts, MetricsText& out) {
  if (!facts.is_on) return;
  write_counters(facts, out);
  const MetricLabels device{{"device", facts.device.name.data()}};
  for (const DeviceCounter& one : device_counters) {
    out.begin(prefix_bypass, {one.metric, metric_counter, one.help});
    out.sample(device, facts.stats.*one.value);
  }
  out.begin(prefix_bypass,
            {"device_link_up", metric_gauge, "Whether the link of the device is up"});
  out.sample(device, std::uint64_t{facts.stats.is_link_up});
  out.begin(prefix_bypass, {"device_gone", metric_gauge, "Whether the device was taken away"});
  out.sample(device, std::uint64_t{facts.stats.is_gone});
}

}  // namespace lepus::server
