// Goes once through all objects, so many a turn: adds up what the aggregated metrics are, and keeps
// the global counters up to date. It keeps the ids, for whoever writes single objects after it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "tools/server/metrics/global_counters.h"
#include "tools/server/metrics/metric_tables.h"
#include "tools/server/metrics/metrics_source.h"

namespace lepus::server {

/// Sums of the metrics of a kind of object: by family, then by metric.
using MetricSums = std::vector<std::vector<double>>;

class ObjectSums {
 public:
  /// Both outlive this. `vhosts`: of these only; empty: of all.
  ObjectSums(const MetricsSource& source, const std::vector<std::string>& vhosts);

  /// Looks at `rows` more. True: there are more.
  bool add(std::size_t rows, GlobalCounters& counters);

  const std::vector<core::QueueId>& queues() const { return queues_; }
  const std::vector<core::ExchangeId>& exchanges() const { return exchanges_; }
  const std::vector<core::ConnectionId>& connections() const { return connections_; }
  const std::vector<ChannelKey>& channels() const { return channels_; }

  // --- When add() has returned false
  const MetricSums& queue_sums() const { return queue_sums_; }
  const MetricSums& exchange_sums() const { return exchange_sums_; }
  const MetricSums& connection_sums() const { return connection_sums_; }
  const MetricSums& channel_sums() const { return channel_sums_; }
  /// Of own_queue_family(): the largest age, the sum of the others.
  const std::vector<double>& own_queue_sums() const { return own_queue_sums_; }
  /// Channels that have published.
  std::uint64_t publisher_count() const { return publisher_count_; }
  std::uint64_t unconfirmed() const { return unconfirmed_; }

 private:
  void add(const MetricsQueue& queue);
  void add_row(std::size_t index, GlobalCounters& counters);

  const MetricsSource& source_;
  std::vector<core::QueueId> queues_;
  std::vector<core::ExchangeId> exchanges_;
  std::vector<core::ConnectionId> connections_;
  std::vector<ChannelKey> channels_;
  std::size_t next_ = 0;  ///< Over all of them, in this order.
  MetricSums queue_sums_, exchange_sums_, connection_sums_, channel_sums_;
  std::vector<double> own_queue_sums_;
  std::uint64_t publisher_count_ = 0;
  std::uint64_t unconfirmed_ = 0;
};

}  // namespace lepus::server
