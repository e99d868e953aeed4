// See sample_metrics_source.h.
#include "tools/server/metrics/sample_metrics_source.h"

#include <algorithm>

#include "io/os.h"
#include "tools/server/config/config.h"

namespace lepus::server {

namespace {

bool is_chosen(MetricsSource::VhostFilter filter, std::string_view vhost) {
  return filter.empty() || std::find(filter.begin(), filter.end(), vhost) != filter.end();
}

}  // namespace

/// The cluster is this node: it keeps its name when the cluster gets another.
MetricsNode SampleMetricsSource::node() const {
  const ServerConfig& config = host_.config();
  const AdminHost::Facts facts = host_.facts();
  MetricsNode node;
  node.node = node_name(config);
  node.cluster = config.cluster_name;
  node.cluster_id = "lepus-cluster-id-" + node.node;
  node.version = LEPUS_VERSION;
  node.rabbitmq_version = config.product_version;
  node.uptime_s = facts.uptime_s;
  node.open_files = samples_.node().values()[series_of(Series::fd_used)];
  node.open_files_max = io::file_limit();
  node.resident_bytes = facts.resident_bytes;
  node.accounted_bytes = facts.memory_bytes;
  node.memory_limit_bytes = facts.memory_watermark_bytes;
  node.disk_free_bytes =
      static_cast<std::uint64_t>(std::max<std::int64_t>(facts.disk_free_bytes, 0));
  node.disk_free_min_bytes = facts.disk_free_min_bytes;
  node.has_memory_alarm = broker_.state().alarm.memory;
  node.has_disk_alarm = broker_.state().alarm.disk;
  node.queue_count = broker_.topology().queue_count();
  node.consumer_count = samples_.consumer_count();
  node.logins = facts.logins;
  for (const core::ThreadStats& thread : samples_.threads()) node.counts += thread.counts.messages;
  return node;
}

std::vector<MetricsThread> SampleMetricsSource::threads() const {
  std::vector<MetricsThread> threads;
  for (const core::ThreadStats& stats : samples_.threads())
    threads.push_back({"shard-" + std::to_string(threads.size()), stats});
  threads.push_back({"control", samples_.control_thread()});
  core::ThreadStats own;
  own.turns = broker_.turns();
  threads.push_back({"admin", own});
  return threads;
}

std::vector<const core::VhostInfo*> SampleMetricsSource::chosen(VhostFilter filter) const {
  std::vector<const core::VhostInfo*> found = broker_.topology().vhosts();
  std::erase_if(found, [&](const auto* vhost) { return !is_chosen(filter, vhost->name); });
  return found;
}

std::vector<std::string_view> SampleMetricsSource::vhosts(VhostFilter filter) const {
  std::vector<std::string_view> names;
  for (const core::VhostInfo* vhost : chosen(filter)) names.push_back(vhost->name);
  return names;
}

std::vector<core::QueueId> SampleMetricsSource::queues(VhostFilter filter) const {
  std::vector<const core::QueueInfo*> queues;
  for (const core::VhostInfo* vhost : chosen(filter))
    queues.insert(queues.end(), vhost->queues.begin(), vhost->queues.end());
  std::sort(queues.begin(), queues.end(),
            [](const auto* left, const auto* right) { return left->id < right->id; });
  rows_ = {{}, 0, broker_.topology().version(), samples_.queue_version()};
  rows_.entries.reserve(queues.size());
  std::vector<core::QueueId> ids;
  ids.reserve(queues.size());
  for (const core::QueueInfo* queue : queues) {
    rows_.entries.push_back({queue->id, row_of(*queue)});
    ids.push_back(queue->id);
  }
  return ids;
}

MetricsQueue SampleMetricsSource::row_of(const core::QueueInfo& queue) const {
  const QueueSample* sample = samples_.find_queue(queue.id);
  return {broker_.topology().find_vhost(queue.vhost)->name, queue.name, queue.parsed->queue_type,
          sample == nullptr ? nullptr : &sample->stats};
}

bool SampleMetricsSource::has_current_rows() const {
  return rows_.topology_version == broker_.topology().version() &&
         rows_.sample_version == samples_.queue_version();
}

std::optional<MetricsQueue> SampleMetricsSource::find(core::QueueId id) const {
  if (has_current_rows() && !rows_.entries.empty()) {
    if (rows_.next == rows_.entries.size()) rows_.next = 0;
    if (rows_.entries[rows_.next].id == id) return rows_.entries[rows_.next++].row;
  }
  const core::QueueInfo* queue = broker_.topology().find_queue(id);
  if (queue == nullptr) return std::nullopt;
  return row_of(*queue);
}

std::vector<core::ExchangeId> SampleMetricsSource::exchanges(VhostFilter filter) const {
  std::vector<core::ExchangeId> ids;
  for (const core::VhostInfo* vhost : chosen(filter))
    for (const auto& [name, exchange] : vhost->exchanges) ids.push_back(exchange->id);
  std::sort(ids.begin(), ids.end());
  return ids;
}

std::optional<MetricsExchange> SampleMetricsSource::find(core::ExchangeId id) const {
  const core::ExchangeInfo* exchange = broker_.topology().find_exchange(id);
  if (exchange == nullptr) return std::nullopt;
  const ExchangeSample* sample = samples_.find_exchange(id);
  MetricsExchange found{exchange->vhost_info.name,
                        exchange->name,
                        core::exchange_type_name(exchange->type),
                        exchange->bindings_out.size(),
                        {}};
  if (sample != nullptr) found.counts = sum_of(sample->parts);
  return found;
}

std::vector<core::ConnectionId> SampleMetricsSource::connections(VhostFilter filter) const {
  std::vector<core::ConnectionId> ids;
  for (const auto& [id, sample] : samples_.connections())
    if (is_chosen(filter, sample->stats.vhost)) ids.push_back(id);
  std::sort(ids.begin(), ids.end());
  return ids;
}

const core::ConnectionStats* SampleMetricsSource::find(core::ConnectionId id) const {
  const ConnectionSample* sample = samples_.find_connection(id);
  return sample == nullptr ? nullptr : &sample->stats;
}

std::vector<ChannelKey> SampleMetricsSource::channels(VhostFilter filter) const {
  std::vector<ChannelKey> keys;
  for (const auto& [key, sample] : samples_.channels())
    if (is_chosen(filter, sample->stats.vhost)) keys.push_back(key);
  std::sort(keys.begin(), keys.end(), [](const ChannelKey& left, const ChannelKey& right) {
    return left.connection == right.connection ? left.number < right.number
                                               : left.connection < right.connection;
  });
  return keys;
}

const core::ChannelStats* SampleMetricsSource::find(const ChannelKey& key) const {
  const ChannelSample* sample = samples_.find_channel(key);
  return sample == nullptr ? nullptr : &sample->stats;
}

}  // namespace lepus::server
