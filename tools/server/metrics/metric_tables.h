// Which metrics queues, channels, connections and exchanges have, under RabbitMQ's names: one row
// for each, with the function that takes it from the object's row. Families are RabbitMQ's groups,
// which /metrics/detailed is asked for by name.
#pragma once

#include <span>
#include <string_view>

#include "tools/server/metrics/metrics_source.h"
#include "tools/server/metrics/metrics_text.h"

namespace lepus::server {

template <class Row>
struct ObjectMetric {
  MetricName name;
  double (*value)(const Row& row);
};

template <class Row>
struct MetricFamily {
  std::string_view name;  ///< "queue_coarse_metrics"
  std::span<const ObjectMetric<Row>> metrics;
};

using QueueFamily = MetricFamily<core::QueueStats>;
using ChannelFamily = MetricFamily<core::ChannelStats>;
using ConnectionFamily = MetricFamily<core::ConnectionStats>;
using ExchangeFamily = MetricFamily<core::MessageCounts>;

std::span<const QueueFamily> queue_families();
std::span<const ChannelFamily> channel_families();
std::span<const ConnectionFamily> connection_families();
std::span<const ExchangeFamily> exchange_families();
/// Of queues, under names of our own.
const QueueFamily& own_queue_family();

/// "rabbit_classic_queue"
std::string_view metric_queue_type(core::QueueType type);

}  // namespace lepus::server
