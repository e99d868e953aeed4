// From the changes that make up the topology.
#include "persist/known_queues.h"

#include <variant>

namespace lepus::persist {

KnownQueues::KnownQueues(const core::StoredDefinitions& stored) {
  for (const core::TopologyChange& change : stored.changes)
    if (const auto* added = std::get_if<core::QueueAdded>(&change)) add(added->queue);
}

void KnownQueues::add(const core::QueueSpec& queue) {
  CHECK(queue.id.value != 0);
  homes_[queue.id.value] = queue.home;
  if (queue.parsed.message_ttl_ms) timed_.insert(queue.id.value);
}

bool KnownQueues::lives_in(std::uint64_t queue, std::uint32_t shard) const {
  const auto found = homes_.find(queue);
  return found != homes_.end() && found->second == shard;
}

void KnownQueues::move(std::uint64_t queue, core::ShardId home) {
  CHECK(contains(queue));
  homes_[queue] = home;
}

}  // namespace lepus::persist
