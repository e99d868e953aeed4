// Metrics of the node as a whole: each function writes some families, for the endpoints that have
// them.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

#include "tools/server/metrics/global_counters.h"
#include "tools/server/metrics/metrics_source.h"
#include "tools/server/metrics/metrics_text.h"

namespace lepus::server {

/// The info series that every query of RabbitMQ's dashboards joins with.
void write_identity(const MetricsNode& node, std::string_view endpoint, MetricsText& out);
void write_open_objects(const MetricsNode& node, std::uint64_t connections, std::uint64_t channels,
                        MetricsText& out);
void write_alarms(const MetricsNode& node, MetricsText& out);
/// rabbitmq_global_*
void write_global(const MetricsNode& node, const GlobalCounters& counters, std::uint64_t publishers,
                  MetricsText& out);
/// rabbitmq_message_size_bytes
void write_message_sizes(std::span<const MetricsThread> threads, MetricsText& out);
/// lepus_*, of each thread.
void write_threads(std::span<const MetricsThread> threads, MetricsText& out);
/// lepus_bypass_*; nothing where there is no kernel bypass.
void write_bypass(const BypassFacts& facts, MetricsText& out);
void write_memory(const MetricsNode& node, std::span<const MetricsThread> threads,
                  MetricsText& out);

/// A family that /metrics/detailed has under another prefix.
struct NodeFamily {
  std::string_view name;
  void (*write)(std::string_view prefix, const MetricsNode& node,
                std::span<const MetricsThread> threads, MetricsText& out);
};
std::span<const NodeFamily> node_families();

/// The sum of what all threads counted.
core::ShardCounts sum_of(std::span<const MetricsThread> threads);

}  // namespace lepus::server
