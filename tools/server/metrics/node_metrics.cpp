// See node_metrics.h.
#include "tools/server/metrics/node_metrics.h"

#include <array>
#include <string>
#include <vector>

namespace lepus::server {

namespace {

void put(std::string_view prefix, const MetricName& name, std::uint64_t value, MetricsText& out) {
  out.begin(prefix, name);
  out.sample(value);
}

// ---- Families that /metrics/detailed has, too ----

void write_churn(std::string_view prefix, const MetricsNode&,
                 std::span<const MetricsThread> threads, MetricsText& out) {
  const core::ShardCounts counts = sum_of(threads);
  put(prefix, {"connections_opened_total", metric_counter, "Connections opened"},
      counts.connections_opened, out);
  put(prefix, {"connections_closed_total", metric_counter, "Connections closed or terminated"},
      counts.connections_closed, out);
  put(prefix, {"channels_opened_total", metric_counter, "Channels opened"}, counts.channels_opened,
      out);
  put(prefix, {"channels_closed_total", metric_counter, "Channels closed"}, counts.channels_closed,
      out);
  put(prefix, {"queues_declared_total", metric_counter, "Queues declared"}, counts.queues_declared,
      out);
  put(prefix, {"queues_created_total", metric_counter, "Queues created"}, counts.queues_created,
      out);
  put(prefix, {"queues_deleted_total", metric_counter, "Queues deleted"}, counts.queues_deleted,
      out);
}

void write_coarse(std::string_view prefix, const MetricsNode& node, std::span<const MetricsThread>,
                  MetricsText& out) {
  put(prefix, {"process_open_fds", metric_gauge, "Open file descriptors"}, node.open_files, out);
  put(prefix, {"process_resident_memory_bytes", metric_gauge, "Memory used in bytes"},
      node.resident_bytes, out);
  put(prefix, {"disk_space_available_bytes", metric_gauge, "Disk space available in bytes"},
      node.disk_free_bytes, out);
}

void write_limits(std::string_view prefix, const MetricsNode& node, std::span<const MetricsThread>,
                  MetricsText& out) {
  put(prefix, {"process_max_fds", metric_gauge, "Open file descriptors limit"}, node.open_files_max,
      out);
  put(prefix, {"resident_memory_limit_bytes", metric_gauge, "Memory high watermark in bytes"},
      node.memory_limit_bytes, out);
  put(prefix,
      {"disk_space_available_limit_bytes", metric_gauge, "Free disk space low watermark in bytes"},
      node.disk_free_min_bytes, out);
  put(prefix, {"erlang_uptime_seconds", metric_gauge, "Node uptime, under RabbitMQ's name"},
      node.uptime_s, out);
}

void write_journal(std::string_view prefix, const MetricsNode&,
                   std::span<const MetricsThread> threads, MetricsText& out) {
  const core::ShardCounts counts = sum_of(threads);
  put(prefix, {"io_read_ops_total", metric_counter, "Messages read from disk"},
      counts.journal_reads, out);
  put(prefix, {"io_read_bytes_total", metric_counter, "Bytes of messages read from disk"},
      counts.journal_read_bytes, out);
  put(prefix, {"io_write_ops_total", metric_counter, "Records written to journals"},
      counts.journal_records, out);
  put(prefix, {"io_write_bytes_total", metric_counter, "Bytes written to journals"},
      counts.journal_bytes, out);
  put(prefix, {"io_sync_ops_total", metric_counter, "Syncs of journals"}, counts.journal_syncs,
      out);
  out.begin(prefix, {"io_sync_time_seconds_total", metric_counter, "Time of syncs of journals"});
  out.sample(static_cast<double>(counts.sync_latency_us.sum) / us_per_s);
}

void write_logins(std::string_view prefix, const MetricsNode& node, std::span<const MetricsThread>,
                  MetricsText& out) {
  const MetricLabels labels{{"protocol", "amqp091"}};
  const auto one = [&](const MetricName& name, std::uint64_t value) {
    out.begin(prefix, name);
    out.sample(labels, value);
  };
  one({"auth_attempts_total", metric_counter, "Attempts to log in"}, node.logins.attempts);
  one({"auth_attempts_succeeded_total", metric_counter, "Logins that succeeded"},
      node.logins.succeeded);
  one({"auth_attempts_failed_total", metric_counter, "Logins that failed"}, node.logins.failed);
}

constexpr std::array families = {
    NodeFamily{"connection_churn_metrics", write_churn},
    NodeFamily{"node_coarse_metrics", write_coarse},
    NodeFamily{"node_metrics", write_limits},
    NodeFamily{"node_persister_metrics", write_journal},
    NodeFamily{"auth_attempt_metrics", write_logins},
};

/// As Erlang prints these numbers: dashboards compare the texts.
const std::vector<std::string> message_size_texts{"100.0", "1000.0", "10000.0", "100000.0",
                                                  "1e+06", "1e+07",  "5e+07",   "1e+08"};

}  // namespace

std::span<const NodeFamily> node_families() { return families; }

core::ShardCounts sum_of(std::span<const MetricsThread> threads) {
  core::ShardCounts sum;
  using Counts = core::ShardCounts;
  using core::RemovalCounts;
  constexpr auto numbers = std::to_array<std::uint64_t Counts::*>(
      {&Counts::connections_opened, &Counts::connections_closed, &Counts::channels_opened,
       &Counts::channels_closed, &Counts::queues_declared, &Counts::queues_created,
       &Counts::queues_deleted, &Counts::journal_records, &Counts::journal_bytes,
       &Counts::journal_syncs, &Counts::journal_rewritten_bytes, &Counts::journal_reads,
       &Counts::journal_read_bytes});
  constexpr std::array reasons = {&RemovalCounts::expired, &RemovalCounts::maxlen,
                                  &RemovalCounts::rejected, &RemovalCounts::delivery_limit};
  for (const MetricsThread& thread : threads) {
    const Counts& one = thread.stats.counts;
    sum.messages += one.messages;
    for (const auto number : numbers) sum.*number += one.*number;
    for (const auto reason : reasons) {
      sum.dead_lettered.*reason += one.dead_lettered.*reason;
      sum.dead_letters_dropped.*reason += one.dead_letters_dropped.*reason;
    }
    sum.sync_latency_us.sum += one.sync_latency_us.sum;
    sum.message_size.sum += one.message_size.sum;
    for (std::size_t i = 0; i < sum.message_size.buckets.size(); ++i)
      sum.message_size.buckets[i] += one.message_size.buckets[i];
  }
  return sum;
}

void write_identity(const MetricsNode& node, std::string_view endpoint, MetricsText& out) {
  out.begin(prefix_rabbitmq, {"build_info", MetricType::untyped, "Versions"});
  // There is no Erlang; the label is there for queries that group by it.
  out.sample(MetricLabels{{"rabbitmq_version", node.rabbitmq_version},
                          {"prometheus_plugin_version", node.version},
                          {"prometheus_client_version", node.version},
                          {"erlang_version", "none"},
                          {"product_version", node.version},
                          {"product_name", "Lepus"}},
             std::uint64_t{1});
  out.begin(prefix_rabbitmq, {"identity_info", MetricType::untyped, "Node and cluster identity"});
  out.sample(MetricLabels{{"rabbitmq_node", node.node},
                          {"rabbitmq_cluster", node.cluster},
                          {"rabbitmq_cluster_permanent_id", node.cluster_id},
                          {"rabbitmq_endpoint", endpoint}},
             std::uint64_t{1});
}

void write_open_objects(const MetricsNode& node, std::uint64_t connections, std::uint64_t channels,
                        MetricsText& out) {
  put(prefix_rabbitmq, {"connections", metric_gauge, "Connections currently open"}, connections,
      out);
  put(prefix_rabbitmq, {"channels", metric_gauge, "Channels currently open"}, channels, out);
  put(prefix_rabbitmq, {"consumers", metric_gauge, "Consumers currently connected"},
      node.consumer_count, out);
  put(prefix_rabbitmq, {"queues", metric_gauge, "Queues available"}, node.queue_count, out);
}

void write_alarms(const MetricsNode& node, MetricsText& out) {
  put(prefix_rabbitmq,
      {"alarms_memory_used_watermark", metric_gauge,
       "is 1 if VM memory watermark alarm is in effect"},
      node.has_memory_alarm ? 1 : 0, out);
  put(prefix_rabbitmq,
      {"alarms_free_disk_space_watermark", metric_gauge,
       "is 1 if free disk space watermark alarm is in effect"},
      node.has_disk_alarm ? 1 : 0, out);
  put(prefix_rabbitmq,
      {"alarms_file_descriptor_limit", metric_gauge,
       "is 1 if file descriptor limit alarm is in effect"},
      0, out);
}

void write_message_sizes(std::span<const MetricsThread> threads, MetricsText& out) {
  const core::ShardCounts counts = sum_of(threads);
  out.begin(prefix_rabbitmq, {"message_size_bytes", MetricType::histogram,
                              "Size of messages received from publishers"});
  out.histogram(MetricLabels{{"protocol", "amqp091"}}, message_size_texts,
                counts.message_size.buckets, static_cast<double>(counts.message_size.sum));
}

}  // namespace lepus::server
