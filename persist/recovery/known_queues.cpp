// From the changes that make up the topology.
#include "persist/recovery/known_queues.h"

#include <algorithm>
#include <variant>

#include "core/message/field_table.h"
#include "core/queue_kinds.h"

namespace lepus::persist {

KnownQueues::KnownQueues(const core::StoredDefinitions& stored) {
  // A policy may give any queue a time to live.
  for (const core::TopologyChange& change : stored.changes)
    if (const auto* put = std::get_if<core::PolicyPut>(&change))
      has_ttl_policy_ |=
          core::FieldTable{core::as_bytes(put->policy.definition)}.find("message-ttl").has_value();
  for (const core::TopologyChange& change : stored.changes)
    if (const auto* added = std::get_if<core::QueueAdded>(&change)) add(added->queue);
}

void KnownQueues::add(const core::QueueSpec& queue) {
  CHECK(queue.id.value != 0);
  homes_[queue.id.value] = queue.home;
  const core::RecoveryRule rule = core::recovery_rule(*queue.parsed);
  if (rule.level_max > 0) level_max_[queue.id.value] = rule.level_max;
  if (rule.time_step_ms > 0 || has_ttl_policy_)
    timed_.emplace(queue.id.value, std::max(rule.time_step_ms, 1U));
}

bool KnownQueues::lives_in(std::uint64_t queue, std::uint32_t shard) const {
  const auto found = homes_.find(queue);
  return found != homes_.end() && found->second == shard;
}

std::size_t KnownQueues::count_in(std::uint32_t shard) const {
  return static_cast<std::size_t>(std::count_if(
      homes_.begin(), homes_.end(), [shard](const auto& one) { return one.second == shard; }));
}

void KnownQueues::move(std::uint64_t queue, core::ShardId home) {
  CHECK(contains(queue));
  homes_[queue] = home;
}

}  // namespace lepus::persist
