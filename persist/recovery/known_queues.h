// What the journals need to know of the queues in the catalog.
#pragma once

#include <boost/unordered/unordered_flat_map.hpp>
#include <cstdint>

#include "core/broker/ports.h"
#include "persist/recovery/replay.h"

namespace lepus::persist {

class KnownQueues {
 public:
  KnownQueues() = default;
  explicit KnownQueues(const core::StoredDefinitions& stored);

  void add(const core::QueueSpec& queue);
  bool contains(std::uint64_t queue) const { return homes_.contains(queue); }
  /// Only what the journal of its home says of a queue counts.
  bool lives_in(std::uint64_t queue, std::uint32_t shard) const;
  /// How many live in a shard.
  std::size_t count_in(std::uint32_t shard) const;
  void move(std::uint64_t queue, core::ShardId home);
  /// Catalog::newest_queue(). Without it no queue is unknown.
  void set_newest(std::uint64_t queue) { newest_ = queue; }
  /// The catalog never had it: it is older than the journal that names the queue. Queues that were
  /// deleted are not unknown.
  bool is_unknown(std::uint64_t queue) const { return queue > newest_ && !contains(queue); }
  /// The highest priority level that records of the queue can have; those of a stream have any.
  std::uint8_t level_max(std::uint64_t queue) const {
    const auto found = level_max_.find(queue);
    return found == level_max_.end() ? 0 : found->second;
  }
  /// Those whose messages die of age, whatever the messages themselves say, and streams.
  const TimedQueues& timed() const { return timed_; }

 private:
  boost::unordered_flat_map<std::uint64_t, core::ShardId> homes_;
  TimedQueues timed_;
  boost::unordered_flat_map<std::uint64_t, std::uint8_t> level_max_;  ///< Where it is not 0.
  bool has_ttl_policy_ = false;
  std::uint64_t newest_ = UINT64_MAX;
};

}  // namespace lepus::persist
