// See sample_store.h: rows are taken, then summed up.
#include "tools/server/samples/sample_store.h"

#include <algorithm>
#include <utility>

#include "core/base/assert.h"
#include "core/limits/samples.h"

namespace lepus::server {

namespace {

template <class Key, class Sample>
Sample& entry(SampleStore::Table<Key, Sample>& table, const Key& key) {
  std::unique_ptr<Sample>& sample = table[key];
  if (sample == nullptr) sample = std::make_unique<Sample>();
  return *sample;
}

ObjectRates::Values values_of(const core::MessageCounts& counts) {
  ObjectRates::Values values{};
  for (std::size_t i = 0; i < core::message_event_count; ++i)
    values[i] = counts[static_cast<core::MessageEvent>(i)];
  return values;
}

/// Nothing has ever happened to it.
bool is_untouched(const core::QueueStats& row) {
  return row.messages_ready == 0 && row.messages_unacknowledged == 0 && row.consumers == 0 &&
         row.disk_reads == 0 && row.disk_writes == 0 && row.counts == core::MessageCounts{};
}

void add_shard(const core::ShardCounts& counts, NodeRates::Values& node) {
  node[series_of(Series::connection_created)] += counts.connections_opened;
  node[series_of(Series::connection_closed)] += counts.connections_closed;
  node[series_of(Series::channel_created)] += counts.channels_opened;
  node[series_of(Series::channel_closed)] += counts.channels_closed;
  node[series_of(Series::queue_declared)] += counts.queues_declared;
  node[series_of(Series::queue_created)] += counts.queues_created;
  node[series_of(Series::queue_deleted)] += counts.queues_deleted;
}

}  // namespace

SampleStore::SampleStore(core::ShardId shard_count, std::uint64_t queue_version)
    : SampleTables(queue_version),
      shard_count_(shard_count),
      consumers_(shard_count),
      arriving_consumers_(shard_count),
      threads_(shard_count),
      node_history_(node_history_levels(), node_series_count) {}

const ConnectionSample* SampleTables::find_connection(std::string_view name) const {
  for (const auto& [id, sample] : connections_)
    if (sample->stats.name == name) return sample.get();
  return nullptr;
}

std::size_t SampleStore::consumer_count() const {
  std::size_t sum = 0;
  for (const auto& part : consumers_) sum += part.size();
  return sum;
}

std::size_t SampleStore::row_count() const {
  return queues_.size() + exchanges_.size() + connections_.size() + channels_.size() +
         consumer_count();
}

void SampleStore::take(core::ShardId shard, core::StatsPage& page, const Round& round) {
  CHECK(shard <= shard_count_);
  if (shard == shard_count_) {
    for (const core::ThreadStats& row : page.threads) control_thread_ = row;
    return;
  }
  for (core::QueueStats& row : page.queues) take(row, round);
  for (const core::ExchangeStats& row : page.exchanges) take(shard, row);
  for (const core::VhostStats& row : page.vhosts) take(shard, row);
  for (core::ConnectionStats& row : page.connections) take(row, round);
  for (core::ChannelStats& row : page.channels) take(row, round);
  for (core::ThreadStats& row : page.threads) threads_[shard] = row;
  std::move(page.consumers.begin(), page.consumers.end(),
            std::back_inserter(arriving_consumers_[shard]));
}

void SampleStore::end_consumers(core::ShardId shard) {
  consumers_[shard] = std::exchange(arriving_consumers_[shard], {});
}

void SampleStore::take(core::QueueStats& row, const Round& round) {
  const bool is_new = !queues_.contains(row.id);
  if (is_new && is_untouched(row)) {
    untouched_since_ms_[row.id] = row.idle_since_ms;
    return;
  }
  if (is_new) ++queue_version_;
  untouched_since_ms_.erase(row.id);
  QueueSample& sample = entry(queues_, row.id);
  sample.stats = std::move(row);
  ObjectRates::Values values = values_of(sample.stats.counts);
  values[series_of(Series::messages_ready)] = sample.stats.messages_ready;
  values[series_of(Series::messages_unacknowledged)] = sample.stats.messages_unacknowledged;
  values[series_of(Series::disk_reads)] = sample.stats.disk_reads;
  values[series_of(Series::disk_writes)] = sample.stats.disk_writes;
  sample.rates.set(values);
  if (!round.is_measured) return;
  sample.rates.advance(round.now, round.before);
  keep_history(sample.history, sample.rates, round);
}

void SampleStore::take(core::ShardId shard, const core::ExchangeStats& row) {
  ExchangeSample& sample = entry(exchanges_, row.id);
  sample.parts.resize(shard_count_);
  sample.parts[shard] = row.counts;
  sample.rates.set(values_of(sum_of(sample.parts)));
}

void SampleStore::take(core::ShardId shard, const core::VhostStats& row) {
  VhostSample& sample = entry(vhosts_, row.id);
  sample.parts.resize(shard_count_);
  sample.parts[shard] = row.counts;
}

void SampleStore::take(core::ConnectionStats& row, const Round& round) {
  ConnectionSample& sample = entry(connections_, row.id);
  sample.stats = std::move(row);
  sample.octets.set({sample.stats.recv_oct, sample.stats.send_oct});
  if (round.is_measured) sample.octets.advance(round.now, round.before);
  sample.round = round.number;
}

void SampleStore::take(core::ChannelStats& row, const Round& round) {
  ChannelSample& sample = entry(channels_, ChannelKey{row.connection, row.number});
  sample.stats = std::move(row);
  sample.rates.set(values_of(sample.stats.counts));
  if (round.is_measured) sample.rates.advance(round.now, round.before);
  sample.round = round.number;
}

void SampleStore::keep_history(std::unique_ptr<History>& history, const ObjectRates& rates,
                               const Round& round) {
  if (history == nullptr) {
    if (history_count_ >= core::limits::sampled_histories_max) return;
    ++history_count_;
    history = std::make_unique<History>(object_history_levels(), object_series_count);
  }
  history->add(round.wall_s, rates.values());
}

void SampleStore::end_round(const Round& round, const core::Topology& topology,
                            const NodeGauges& gauges) {
  forget_gone(round, topology);
  add_up(round, topology, gauges);
}

void SampleStore::forget_gone(const Round& round, const core::Topology& topology) {
  const auto drop_history = [this](const std::unique_ptr<History>& history) {
    if (history != nullptr) --history_count_;
  };
  queue_version_ += boost::unordered::erase_if(queues_, [&](const auto& entry) {
    if (topology.find_queue(entry.first) != nullptr) return false;
    drop_history(entry.second->history);
    return true;
  });
  boost::unordered::erase_if(untouched_since_ms_, [&](const auto& entry) {
    return topology.find_queue(entry.first) == nullptr;
  });
  boost::unordered::erase_if(exchanges_, [&](const auto& entry) {
    if (topology.find_exchange(entry.first) != nullptr) return false;
    drop_history(entry.second->history);
    return true;
  });
  boost::unordered::erase_if(
      vhosts_, [&](const auto& entry) { return topology.find_vhost(entry.first) == nullptr; });
  const auto is_gone = [&](const auto& entry) { return entry.second->round != round.number; };
  boost::unordered::erase_if(connections_, is_gone);
  boost::unordered::erase_if(channels_, is_gone);
}

/// Lengths of queues and octets of connections go into their virtual hosts, those into the node.
void SampleStore::add_up(const Round& round, const core::Topology& topology,
                         const NodeGauges& gauges) {
  for (const core::VhostInfo* vhost : topology.vhosts()) {
    VhostSample& sample = entry(vhosts_, vhost->id);
    sample.recv_oct = sample.send_oct = 0;
    sample.rates.set(values_of(sum_of(sample.parts)));
  }
  add_queues(topology);
  add_connections(topology);
  NodeRates::Values node{};
  for (const auto& [id, sample] : vhosts_) {
    for (std::size_t i = 0; i < object_series_count; ++i) node[i] += sample->rates.values()[i];
    node[series_of(Series::recv_oct)] += sample->recv_oct;
    node[series_of(Series::send_oct)] += sample->send_oct;
  }
  for (const core::ThreadStats& thread : threads_) add_shard(thread.counts, node);
  node[series_of(Series::mem_used)] = gauges.mem_used;
  node[series_of(Series::disk_free)] = gauges.disk_free;
  node[series_of(Series::fd_used)] = gauges.fd_used;
  node_.set(node);
  if (round.is_measured) measure(round);
}

void SampleStore::add_queues(const core::Topology& topology) {
  boost::unordered_flat_map<core::VhostId, ObjectRates::Values> sums;
  for (const auto& [id, sample] : queues_) {
    const core::QueueInfo& queue = *topology.find_queue(id);
    if (queue.store_of) continue;  // What an exchange holds is in no queue.
    ObjectRates::Values& sum = sums[queue.vhost];
    for (std::size_t i = core::message_event_count; i < object_series_count; ++i)
      sum[i] += sample->rates.values()[i];
  }
  for (const auto& [id, sum] : sums) {
    VhostSample& sample = entry(vhosts_, id);
    ObjectRates::Values values = sample.rates.values();
    std::copy(sum.begin() + core::message_event_count, sum.end(),
              values.begin() + core::message_event_count);
    sample.rates.set(values);
  }
}

void SampleStore::add_connections(const core::Topology& topology) {
  for (const auto& [id, sample] : connections_) {
    const core::VhostInfo* vhost = topology.find_vhost(sample->stats.vhost);
    if (vhost == nullptr) continue;
    VhostSample& sum = entry(vhosts_, vhost->id);
    sum.recv_oct += sample->stats.recv_oct;
    sum.send_oct += sample->stats.send_oct;
  }
}

void SampleStore::measure(const Round& round) {
  for (const auto& [id, sample] : exchanges_) {
    sample->rates.advance(round.now, round.before);
    keep_history(sample->history, sample->rates, round);
  }
  for (const auto& [id, sample] : vhosts_) {
    sample->rates.advance(round.now, round.before);
    if (sample->history == nullptr)
      sample->history = std::make_unique<History>(node_history_levels(), object_series_count);
    sample->history->add(round.wall_s, sample->rates.values());
  }
  node_.advance(round.now, round.before);
  node_history_.add(round.wall_s, node_.values());
}

}  // namespace lepus::server
