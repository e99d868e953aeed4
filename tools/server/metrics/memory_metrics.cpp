// What the memory is for: /metrics/memory-breakdown, and part of the others.
#include "tools/server/metrics/node_metrics.h"

namespace lepus::server {

void write_memory(const MetricsNode& node, std::span<const MetricsThread> threads,
                  MetricsText& out) {
  out.begin(prefix_own, {"memory_bytes", metric_gauge, "Memory of a thread, by what it is for"});
  for (const MetricsThread& thread : threads) {
    const core::ShardCounts& counts = thread.stats.counts;
    if (!thread.name.starts_with("shard-")) continue;
    out.sample(MetricLabels{{"thread", thread.name}}.add("account", "messages"),
               counts.memory_messages);
    out.sample(MetricLabels{{"thread", thread.name}}.add("account", "output"),
               counts.memory_output);
    out.sample(MetricLabels{{"thread", thread.name}}.add("account", "input"), counts.memory_input);
  }
  out.begin(prefix_own,
            {"memory_accounted_bytes", metric_gauge, "Memory accounted for: the alarm judges it"});
  out.sample(node.accounted_bytes);
  out.begin(prefix_own,
            {"memory_resident_bytes", metric_gauge, "Memory that the process occupies"});
  out.sample(node.resident_bytes);
}

}  // namespace lepus::server
