// The latest rows of all objects, as their shards sent them: what the HTTP API and the metrics
// answer from, so that a request waits for no shard. Filled by the Sampler. Names, arguments and
// bindings are in the topology.
//
// An object that nothing ever happened to has no entry: its row is all zero. Admin thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string_view>
#include <vector>

#include <boost/unordered/unordered_flat_map.hpp>

#include "core/topology/topology.h"
#include "tools/server/samples/sample_rows.h"

namespace lepus::server {

class SampleStore {
 public:
  template <class Key, class Sample>
  using Table = boost::unordered_flat_map<Key, std::unique_ptr<Sample>>;

  explicit SampleStore(core::ShardId shard_count);

  // --- What is there

  /// Null: its row is all zero, or nobody asked since it is there.
  const QueueSample* find_queue(core::QueueId id) const { return find_in(queues_, id); }
  /// Of a queue without an entry: since when nothing happens to it, milliseconds since 1970; 0: not
  /// known yet.
  std::uint64_t untouched_since_ms(core::QueueId id) const {
    const auto found = untouched_since_ms_.find(id);
    return found == untouched_since_ms_.end() ? 0 : found->second;
  }
  const ExchangeSample* find_exchange(core::ExchangeId id) const { return find_in(exchanges_, id); }
  const VhostSample* find_vhost(core::VhostId id) const { return find_in(vhosts_, id); }
  const ConnectionSample* find_connection(core::ConnectionId id) const {
    return find_in(connections_, id);
  }
  /// "127.0.0.1:51234 -> 127.0.0.1:5672"; null: none has this name.
  const ConnectionSample* find_connection(std::string_view name) const;
  const ChannelSample* find_channel(const ChannelKey& key) const { return find_in(channels_, key); }
  const Table<core::ConnectionId, ConnectionSample>& connections() const { return connections_; }
  const Table<ChannelKey, ChannelSample>& channels() const { return channels_; }
  /// By shard.
  const std::vector<std::vector<core::ConsumerStats>>& consumers() const { return consumers_; }
  /// By shard.
  const std::vector<core::ThreadStats>& threads() const { return threads_; }
  /// Of the whole node, in which `messages_ready` and the like are sums over queues.
  const NodeRates& node() const { return node_; }
  const History& node_history() const { return node_history_; }
  std::size_t consumer_count() const;
  std::size_t row_count() const;

  // --- For the Sampler

  struct Round {
    std::uint32_t number = 0;
    /// Rates are measured anew. Else it only brings rows up to date.
    bool is_measured = false;
    core::Nanos now = 0;     ///< When the round began.
    core::Nanos before = 0;  ///< When the measured round before it did.
    std::uint64_t wall_s = 0;
  };
  /// Rows that one shard sent, of any kind.
  void take(core::ShardId shard, core::StatsPage& page, const Round& round);
  /// The shard has sent all its consumers.
  void end_consumers(core::ShardId shard);
  struct NodeGauges {
    std::uint64_t mem_used = 0, disk_free = 0, fd_used = 0;
  };
  /// All shards have sent everything: what is gone is forgotten, sums are made.
  void end_round(const Round& round, const core::Topology& topology, const NodeGauges& gauges);

 private:
  template <class Key, class Sample>
  static Sample* find_in(const Table<Key, Sample>& table, const Key& key) {
    const auto found = table.find(key);
    return found == table.end() ? nullptr : found->second.get();
  }
  void take(core::QueueStats& row, const Round& round);
  void take(core::ShardId shard, const core::ExchangeStats& row);
  void take(core::ShardId shard, const core::VhostStats& row);
  void take(core::ConnectionStats& row, const Round& round);
  void take(core::ChannelStats& row, const Round& round);
  void forget_gone(const Round& round, const core::Topology& topology);
  void add_up(const Round& round, const core::Topology& topology, const NodeGauges& gauges);
  void add_queues(const core::Topology& topology);
  void add_connections(const core::Topology& topology);
  void measure(const Round& round);
  void keep_history(std::unique_ptr<History>& history, const ObjectRates& rates,
                    const Round& round);

  core::ShardId shard_count_;
  Table<core::QueueId, QueueSample> queues_;
  boost::unordered_flat_map<core::QueueId, std::uint64_t> untouched_since_ms_;
  Table<core::ExchangeId, ExchangeSample> exchanges_;
  Table<core::VhostId, VhostSample> vhosts_;
  Table<core::ConnectionId, ConnectionSample> connections_;
  Table<ChannelKey, ChannelSample> channels_;
  std::vector<std::vector<core::ConsumerStats>> consumers_;
  std::vector<std::vector<core::ConsumerStats>> arriving_consumers_;  ///< Of this round.
  std::vector<core::ThreadStats> threads_;
  NodeRates node_;
  History node_history_;
  std::size_t history_count_ = 0;  ///< Of queues and exchanges.
};

}  // namespace lepus::server
