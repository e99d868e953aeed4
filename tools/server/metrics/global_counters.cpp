// See global_counters.h.
#include "tools/server/metrics/global_counters.h"

#include <algorithm>

namespace lepus::server {

namespace {

using core::MessageEvent;
using core::QueueType;
using core::RemovalCounts;

constexpr std::array removal_reasons = {&RemovalCounts::expired, &RemovalCounts::maxlen,
                                        &RemovalCounts::rejected, &RemovalCounts::delivery_limit};

/// A number that fell began anew: its queue has moved, or another has its place.
std::uint64_t growth(std::uint64_t now, std::uint64_t before) {
  return now >= before ? now - before : now;
}

void grow(RemovalCounts& total, const RemovalCounts& now, const RemovalCounts& before) {
  for (const auto reason : removal_reasons) total.*reason += growth(now.*reason, before.*reason);
}

/// What is `all` without the parts, but never less than it was.
void raise(std::uint64_t& value, std::uint64_t all, std::uint64_t first, std::uint64_t second) {
  value = std::max(value, all - std::min(all, first + second));
}

void raise(RemovalCounts& value, const RemovalCounts& all, const RemovalCounts& first,
           const RemovalCounts& second) {
  for (const auto reason : removal_reasons)
    raise(value.*reason, all.*reason, first.*reason, second.*reason);
}

/// Rows of one queue are of one instant.
RemovalCounts without(const RemovalCounts& all, const RemovalCounts& part) {
  RemovalCounts rest;
  for (const auto reason : removal_reasons)
    rest.*reason = all.*reason - std::min(all.*reason, part.*reason);
  return rest;
}

}  // namespace

void GlobalCounters::add_queue(core::QueueId id, const MetricsQueue& queue) {
  if (queue.type == QueueType::classic || queue.stats == nullptr) return;
  const core::QueueStats& stats = *queue.stats;
  OfType& before = queues_[id];
  const OfType now{stats.counts,
                   {stats.dead_lettered, without(stats.removed, stats.dead_lettered)}};
  OfType& total = of(queue.type);
  for (std::size_t i = 0; i < core::message_event_count; ++i) {
    const auto event = static_cast<MessageEvent>(i);
    total.counts[event] += growth(now.counts[event], before.counts[event]);
  }
  grow(total.removed.dead_lettered, now.removed.dead_lettered, before.removed.dead_lettered);
  grow(total.removed.dropped, now.removed.dropped, before.removed.dropped);
  before = now;
}

void GlobalCounters::add_exchange(core::ExchangeId id, const core::MessageCounts& counts) {
  const std::uint64_t now = counts[MessageEvent::publish_out];
  std::uint64_t& before = exchanges_[id];
  routed_ += growth(now, before);
  before = now;
}

void GlobalCounters::finish(const Totals& totals, const MetricsSource& source) {
  OfType& classic = of(QueueType::classic);
  const OfType& quorum = of(QueueType::quorum);
  const OfType& stream = of(QueueType::stream);
  for (std::size_t i = 0; i < core::message_event_count; ++i) {
    const auto event = static_cast<MessageEvent>(i);
    raise(totals_[event], totals.counts[event], 0, 0);
    raise(classic.counts[event], totals_[event], quorum.counts[event], stream.counts[event]);
  }
  raise(classic.removed.dead_lettered, totals.removed.dead_lettered, quorum.removed.dead_lettered,
        stream.removed.dead_lettered);
  raise(classic.removed.dropped, totals.removed.dropped, quorum.removed.dropped,
        stream.removed.dropped);
  raise(received_confirm_, totals_[MessageEvent::confirm] + totals.unconfirmed, 0, 0);
  boost::unordered::erase_if(queues_, [&](const auto& entry) { return !source.find(entry.first); });
  boost::unordered::erase_if(exchanges_,
                             [&](const auto& entry) { return !source.find(entry.first); });
}

}  // namespace lepus::server
