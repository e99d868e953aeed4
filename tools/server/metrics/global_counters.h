// Counters of the whole node that must never fall, made from rows of objects that come and go: what
// a deleted queue or exchange had counted stays counted. They are brought up to date by each
// scrape.
//
//   all channels                  T      what shards count themselves; never falls
//   quorum queues, streams        Q, S   growth of each queue since it was seen last, added up
//   classic queues                T-Q-S  also of queues that lived between two scrapes
//
// Admin thread.
#pragma once

#include <array>
#include <cstdint>

#include <boost/unordered/unordered_flat_map.hpp>

#include "core/base/message_counts.h"
#include "core/broker/stats.h"
#include "core/topology/queue_arguments.h"
#include "tools/server/metrics/metrics_source.h"

namespace lepus::server {

/// Of messages removed from queues: into a dead letter exchange, or away.
struct RemovedMessages {
  core::RemovalCounts dead_lettered;
  core::RemovalCounts dropped;
};

class GlobalCounters {
 public:
  static constexpr std::size_t type_count = 3;

  // --- In any order, once per scrape for each object that is there
  void add_queue(core::QueueId id, const MetricsQueue& queue);
  void add_exchange(core::ExchangeId id, const core::MessageCounts& counts);

  /// What the node counted itself.
  struct Totals {
    core::MessageCounts counts;
    RemovedMessages removed;
    std::uint64_t unconfirmed = 0;  ///< By channels, now.
  };
  /// All objects were added. What `source` does not have any more is forgotten.
  void finish(const Totals& totals, const MetricsSource& source);

  std::uint64_t get(core::MessageEvent event) const { return totals_[event]; }
  std::uint64_t get(core::QueueType type, core::MessageEvent event) const {
    return of(type).counts[event];
  }
  const RemovedMessages& removed(core::QueueType type) const { return of(type).removed; }
  /// Messages that went to a queue, one for each queue.
  std::uint64_t routed() const { return routed_; }
  /// Published on channels with confirms.
  std::uint64_t received_confirm() const { return received_confirm_; }

 private:
  struct OfType {
    core::MessageCounts counts;
    RemovedMessages removed;
  };
  OfType& of(core::QueueType type) { return types_[static_cast<std::size_t>(type)]; }
  const OfType& of(core::QueueType type) const { return types_[static_cast<std::size_t>(type)]; }

  std::array<OfType, type_count> types_{};
  core::MessageCounts totals_;
  std::uint64_t routed_ = 0;
  std::uint64_t received_confirm_ = 0;
  // As they were seen last.
  boost::unordered_flat_map<core::QueueId, OfType> queues_;  ///< Not classic ones.
  boost::unordered_flat_map<core::ExchangeId, std::uint64_t> exchanges_;
};

}  // namespace lepus::server
