// See node_json.h: what the node is, uses and may use.
#include "tools/server/http_api/objects/node_json.h"

#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <vector>

#include <fmt/format.h>

#include "io/os.h"
#include "tools/server/admin/node_facts.h"
#include "tools/server/config/config.h"
#include "tools/server/config/config_file.h"
#include "tools/server/http_api/objects/overview_parts.h"

namespace lepus::server {

namespace {

void write_texts(std::string_view name, const std::vector<std::string>& texts, JsonWriter& json) {
  json.key(name);
  json.begin_array();
  for (const std::string& text : texts) json.text(text);
  json.end_array();
}

void write_empty_list(std::string_view name, JsonWriter& json) {
  json.key(name);
  json.begin_array();
  json.end_array();
}

struct Gauge {
  std::string_view name;
  std::uint64_t value;
  Series series;
};
/// A number with its details.
void write_gauge(const Gauge& gauge, const ObjectContext& objects, JsonWriter& json) {
  const std::size_t series = series_of(gauge.series);
  json.field(gauge.name, gauge.value);
  write_details(gauge.name,
                {objects.samples.node().rate(series), &objects.samples.node_history(), {series}},
                objects.ranges.node_stats, json);
}

/// Clients take it for a number of 32 bits.
std::uint64_t file_limit() { return std::min<std::uint64_t>(io::file_limit(), INT32_MAX); }

void write_resources(const NodeContext& context, JsonWriter& json) {
  const AdminHost::Facts facts = context.host.facts();
  const core::Alarm& alarm = context.broker.state().alarm;
  write_gauge({"mem_used", facts.resident_bytes, Series::mem_used}, context.objects, json);
  json.field("mem_limit", facts.memory_watermark_bytes);
  json.field("mem_alarm", alarm.memory);
  json.field("mem_calculation_strategy", "rss");
  const std::int64_t disk_free = std::max<std::int64_t>(facts.disk_free_bytes, 0);
  write_gauge({"disk_free", static_cast<std::uint64_t>(disk_free), Series::disk_free},
              context.objects, json);
  json.field("disk_free_limit", facts.disk_free_min_bytes);
  json.field("disk_free_alarm", alarm.disk);
  const std::uint64_t files = context.objects.samples.node().values()[series_of(Series::fd_used)];
  write_gauge({"fd_used", files, Series::fd_used}, context.objects, json);
  json.field("fd_total", file_limit());
  json.field("sockets_used",
             context.objects.samples.connections().size() + context.host.config().listeners.size());
  json.field("sockets_total", file_limit());
  json.field("uptime", facts.uptime_s * 1000);
}

/// RabbitMQ's processes are Erlang's; here they are threads.
void write_threads(JsonWriter& json) {
  rlimit limit{};
  getrlimit(RLIMIT_NPROC, &limit);
  rusage use{};
  getrusage(RUSAGE_SELF, &use);
  json.field("proc_used", io::thread_count());
  json.field("proc_total", std::min<std::uint64_t>(limit.rlim_cur, 1ULL << 22));
  json.field("processors", sysconf(_SC_NPROCESSORS_ONLN));
  json.field("context_switches", use.ru_nvcsw + use.ru_nivcsw);
}

void write_io(const SampleStore& samples, JsonWriter& json) {
  core::ShardCounts sum;
  for (const core::ThreadStats& thread : samples.threads()) {
    sum.journal_reads += thread.counts.journal_reads;
    sum.journal_read_bytes += thread.counts.journal_read_bytes;
    sum.journal_records += thread.counts.journal_records;
    sum.journal_bytes += thread.counts.journal_bytes;
    sum.journal_syncs += thread.counts.journal_syncs;
    sum.sync_latency_us.sum += thread.counts.sync_latency_us.sum;
  }
  json.field("io_read_count", sum.journal_reads);
  json.field("io_read_bytes", sum.journal_read_bytes);
  json.field("io_write_count", sum.journal_records);
  json.field("io_write_bytes", sum.journal_bytes);
  json.field("io_sync_count", sum.journal_syncs);
  json.key("io_sync_avg_time");
  json.number(sum.journal_syncs == 0 ? 0.0
                                     : static_cast<double>(sum.sync_latency_us.sum) / 1000.0 /
                                           static_cast<double>(sum.journal_syncs));
}

struct NamedBytes {
  std::string_view name;
  std::uint64_t bytes;
};

/// RabbitMQ's names, of which tools read each. What this broker has no such part of is 0; what the
/// process occupies beyond its accounts is the last but one.
std::vector<NamedBytes> memory_of(const AdminHost::Facts& facts) {
  const auto part = [&](MemoryPart kind) {
    return facts.memory_parts[static_cast<std::size_t>(kind)];
  };
  std::uint64_t accounted = 0;
  for (const std::uint64_t bytes : facts.memory_parts) accounted += bytes;
  return {{"connection_readers", 0},
          {"connection_writers", part(MemoryPart::output)},
          {"connection_channels", part(MemoryPart::unacknowledged)},
          {"connection_other", part(MemoryPart::connections)},
          {"queue_procs", 0},
          {"quorum_queue_procs", 0},
          {"quorum_queue_dlx_procs", 0},
          {"stream_queue_procs", 0},
          {"stream_queue_replica_reader_procs", 0},
          {"stream_queue_coordinator_procs", 0},
          {"plugins", 0},
          {"metadata_store", part(MemoryPart::definitions)},
          {"other_proc", 0},
          {"metrics", 0},
          {"mgmt_db", 0},
          {"mnesia", 0},
          {"quorum_ets", 0},
          {"metadata_store_ets", 0},
          {"other_ets", 0},
          {"binary", part(MemoryPart::messages)},
          {"msg_index", part(MemoryPart::message_index)},
          {"code", 0},
          {"atom", 0},
          {"other_system", part(MemoryPart::journal)},
          {"allocated_unused", std::max(facts.resident_bytes, accounted) - accounted},
          {"reserved_unallocated", 0}};
}

}  // namespace

void write_node(const NodeContext& context, JsonWriter& json) {
  const ServerConfig& config = context.host.config();
  json.begin_object();
  json.field("name", context.objects.node);
  json.field("type", "disc");
  json.field("running", true);
  json.field("being_drained", context.broker.state().is_suspended);
  json.field("os_pid", fmt::format("{}", getpid()));
  if (context.objects.has_stats) {
    write_resources(context, json);
    write_threads(json);
    write_io(context.objects.samples, json);
    // Shards do not queue up for processors: each has its own thread.
    json.field("run_queue", 0);
    write_churn(context.objects, json);
  }
  json.field("rates_mode", "basic");
  json.field("net_ticktime", 0);
  json.field("db_dir", config.data_dir);
  write_texts("config_files", find_config_files(config.sources), json);
  write_texts("log_files", log_locations(config), json);
  write_exchange_types(json);
  write_auth_mechanisms(config, json);
  write_empty_list("partitions", json);
  write_empty_list("cluster_links", json);
  write_empty_list("applications", json);
  write_empty_list("enabled_plugins", json);
  write_contexts(context, json);
  json.end_object();
}

void write_node_memory(const NodeContext& context, bool is_relative, JsonWriter& json) {
  const std::vector<NamedBytes> parts = memory_of(context.host.facts());
  std::uint64_t total = 0;
  for (const NamedBytes& part : parts) total += part.bytes;
  const std::uint64_t accounted = total - parts[parts.size() - 2].bytes;
  json.begin_object();
  for (const NamedBytes& part : parts) {
    if (!is_relative) {
      json.field(part.name, part.bytes);
      continue;
    }
    json.field(part.name, total == 0 ? 0 : (part.bytes * 100 + total / 2) / total);
  }
  if (is_relative) {
    json.field("total", 100);
    return json.end_object();
  }
  json.field("strategy", "rss");
  json.key("total");
  json.begin_object();
  json.field("erlang", accounted);
  json.field("rss", total);
  json.field("allocated", total);
  json.end_object();
  json.end_object();
}

}  // namespace lepus::server
