// See object_sums.h.
#include "tools/server/metrics/object_sums.h"

#include <algorithm>

namespace lepus::server {

namespace {

template <class Row>
MetricSums empty_sums(std::span<const MetricFamily<Row>> families) {
  MetricSums sums;
  for (const MetricFamily<Row>& family : families) sums.emplace_back(family.metrics.size(), 0.0);
  return sums;
}

template <class Row>
void add_to(MetricSums& sums, std::span<const MetricFamily<Row>> families, const Row& row) {
  for (std::size_t family = 0; family < families.size(); ++family)
    for (std::size_t i = 0; i < families[family].metrics.size(); ++i)
      sums[family][i] += families[family].metrics[i].value(row);
}

}  // namespace

ObjectSums::ObjectSums(const MetricsSource& source, const std::vector<std::string>& vhosts)
    : source_(source),
      queues_(source.queues(vhosts)),
      exchanges_(source.exchanges(vhosts)),
      connections_(source.connections(vhosts)),
      channels_(source.channels(vhosts)),
      queue_sums_(empty_sums(queue_families())),
      exchange_sums_(empty_sums(exchange_families())),
      connection_sums_(empty_sums(connection_families())),
      channel_sums_(empty_sums(channel_families())),
      own_queue_sums_(own_queue_family().metrics.size(), 0.0) {}

bool ObjectSums::add(std::size_t rows, GlobalCounters& counters) {
  const std::size_t all =
      queues_.size() + exchanges_.size() + connections_.size() + channels_.size();
  for (; rows > 0 && next_ < all; --rows) add_row(next_++, counters);
  return next_ < all;
}

void ObjectSums::add_row(std::size_t index, GlobalCounters& counters) {
  if (index < queues_.size()) {
    const auto queue = source_.find(queues_[index]);
    if (!queue) return;
    counters.add_queue(queues_[index], *queue);
    return add(*queue);
  }
  index -= queues_.size();
  if (index < exchanges_.size()) {
    const auto exchange = source_.find(exchanges_[index]);
    if (!exchange) return;
    counters.add_exchange(exchanges_[index], exchange->counts);
    return add_to(exchange_sums_, exchange_families(), exchange->counts);
  }
  index -= exchanges_.size();
  if (index < connections_.size()) {
    const core::ConnectionStats* row = source_.find(connections_[index]);
    if (row != nullptr) add_to(connection_sums_, connection_families(), *row);
    return;
  }
  const core::ChannelStats* row = source_.find(channels_[index - connections_.size()]);
  if (row == nullptr) return;
  add_to(channel_sums_, channel_families(), *row);
  if (row->counts[core::MessageEvent::publish] > 0) ++publisher_count_;
  unconfirmed_ += row->messages_unconfirmed;
}

void ObjectSums::add(const MetricsQueue& queue) {
  if (queue.stats == nullptr) return;
  add_to(queue_sums_, queue_families(), *queue.stats);
  const auto metrics = own_queue_family().metrics;
  for (std::size_t i = 0; i < metrics.size(); ++i) {
    const double value = metrics[i].value(*queue.stats);
    const bool is_age = metrics[i].name.name.ends_with("_age_seconds");
    own_queue_sums_[i] = is_age ? std::max(own_queue_sums_[i], value) : own_queue_sums_[i] + value;
  }
}

}  // namespace lepus::server
