// What the memory is for: /metrics/memory-breakdown, and part of the others.
#include <array>

#include "tools/server/metrics/node_metrics.h"

namespace lepus::server {

namespace {

struct Account {
  std::string_view name;
  std::uint64_t core::ShardCounts::*bytes;
};
constexpr std::array accounts = {
    Account{"messages", &core::ShardCounts::memory_messages},
    Account{"output", &core::ShardCounts::memory_output},
    Account{"topology", &core::ShardCounts::memory_topology},
    Account{"sessions", &core::ShardCounts::memory_sessions},
    Account{"unacked", &core::ShardCounts::memory_unacked},
    Account{"ids", &core::ShardCounts::memory_ids},
    Account{"journal", &core::ShardCounts::memory_journal},
};

}  // namespace

void write_memory(const MetricsNode& node, std::span<const MetricsThread> threads,
                  MetricsText& out) {
  out.begin(prefix_own, {"memory_bytes", metric_gauge, "Memory of a thread, by what it is for"});
  for (const MetricsThread& thread : threads) {
    const core::ShardCounts& counts = thread.stats.counts;
    if (!thread.name.starts_with("shard-")) continue;
    for (const Account& account : accounts)
      out.sample(MetricLabels{{"thread", thread.name}, {"account", account.name}},
                 counts.*account.bytes);
  }
  out.begin(prefix_own,
            {"memory_accounted_bytes", metric_gauge, "Memory accounted for: the alarm judges it"});
  out.sample(node.accounted_bytes);
  out.begin(prefix_own,
            {"memory_resident_bytes", metric_gauge, "Memory that the process occupies"});
  out.sample(node.resident_bytes);
}

}  // namespace lepus::server
