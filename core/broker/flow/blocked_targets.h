// What publishers of this shard wait for: queues whose brake is on, and shards that are behind
// (core/broker/flow/publisher_brakes.h). Their home shards say so and take it back.
#pragma once

#include <algorithm>
#include <vector>

#include <boost/unordered/unordered_flat_set.hpp>

#include "core/base/ids.h"
#include "core/broker/session_command.h"

namespace lepus::core {

/// Where a publish went: the home shard and, if the queue itself is meant, the queue.
struct PublishTarget {
  ShardId home = 0;
  QueueId queue = {};
};

class BlockedTargets {
 public:
  void apply(const PublisherBrake& brake) {
    if (brake.queue) {
      if (brake.is_on) {
        queues_.insert(brake.queue);
      } else {
        queues_.erase(brake.queue);
      }
    } else if (brake.is_on) {
      homes_.push_back(brake.home);
    } else {
      std::erase(homes_, brake.home);
    }
  }
  bool contains(QueueId queue) const { return !queues_.empty() && queues_.contains(queue); }
  /// Returns true if the shard is behind.
  bool contains_home(ShardId home) const {
    return !homes_.empty() && std::find(homes_.begin(), homes_.end(), home) != homes_.end();
  }
  bool empty() const { return queues_.empty() && homes_.empty(); }

 private:
  boost::unordered_flat_set<QueueId> queues_;
  std::vector<ShardId> homes_;
};

}  // namespace lepus::core
