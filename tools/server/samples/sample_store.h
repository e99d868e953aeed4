// The latest rows of all objects, as their shards sent them: what the HTTP API and the metrics
// answer from, so that a request waits for no shard. Filled by the Sampler. Names, arguments and
// bindings are in the topology.
//
// An object that nothing ever happened to has no entry: its row is all zero. Admin thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "core/topology/topology.h"
#include "tools/server/samples/sample_tables.h"

namespace lepus::server {

class SampleStore : public SampleTables {
 public:
  /// `queue_version`: it begins with.
  explicit SampleStore(core::ShardId shard_count, std::uint64_t queue_version = 0);

  /// By shard.
  const std::vector<std::vector<core::ConsumerStats>>& consumers() const { return consumers_; }
  /// By shard.
  const std::vector<core::ThreadStats>& threads() const { return threads_; }
  const core::ThreadStats& control_thread() const { return control_thread_; }
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
  /// Rows that one shard sent, of any kind, or the row of the control thread, which counts as the
  /// shard behind the last one.
  void take(core::ShardId shard, core::StatsPage& page, const Round& round);
  /// The shard has sent all its consumers.
  void end_consumers(core::ShardId shard);
  struct NodeGauges {
    std::uint64_t mem_used = 0, disk_free = 0, fd_used = 0;
  };
  /// All shards have sent everything: what is gone is forgotten, sums are made.
  void end_round(const Round& round, const core::Topology& topology, const NodeGauges& gauges);

 private:
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
  std::vector<std::vector<core::ConsumerStats>> consumers_;
  std::vector<std::vector<core::ConsumerStats>> arriving_consumers_;  ///< Of this round.
  std::vector<core::ThreadStats> threads_;
  core::ThreadStats control_thread_;
  NodeRates node_;
  History node_history_;
  std::size_t history_count_ = 0;  ///< Of queues and exchanges.
};

}  // namespace lepus::server
