// From the changes that make up the topology.
#include "persist/known_queues.h"

#include <variant>

#include "core/limits.h"

namespace lepus::persist {

KnownQueues::KnownQueues(const core::StoredDefinitions& stored) {
  for (const core::TopologyChange& change : stored.changes)
    if (const auto* added = std::get_if<core::QueueAdded>(&change)) add(added->queue);
}

void KnownQueues::add(const core::QueueSpec& queue) {
  CHECK(queue.id.value != 0);
  homes_[queue.id.value] = queue.home;
  if (queue.parsed.message_ttl_ms) timed_.emplace(queue.id.value, 1U);
  if (queue.parsed.queue_type == core::QueueType::stream)
    timed_.emplace(queue.id.value,
                   static_cast<std::uint32_t>(core::limits::stream_time_step / core::nanos_per_ms));
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
