// When a brake goes on and off.
#include "core/broker/flow/publisher_brakes.h"

#include <algorithm>
#include <utility>

#include "core/base/assert.h"
#include "core/limits.h"

namespace lepus::core {

namespace {

/// Messages that count as a turned over window, of consumers of that many at least.
std::uint64_t window_of(const ConsumerList& consumers) {
  std::uint64_t count = 0;
  for (const Consumer* consumer : consumers) {
    if (consumer->spec.prefetch == 0) return limits::brake_taken_min;
    count += consumer->spec.prefetch;
    if (count >= limits::brake_taken_min) break;
  }
  return std::min(count, limits::brake_taken_min);
}

}  // namespace

void PublisherBrakes::on_pumped(const Pumped& pumped, Nanos now) {
  CHECK(pumped.ready_before > limits::brake_length);
  auto found = watched_.find(pumped.queue);
  if (found == watched_.end()) {
    if (pumped.consumers.empty() || !make_room(now)) return;
    found = watched_.try_emplace(pumped.queue).first;
    found->second.window_begin = now;
    found->second.ready_last = pumped.ready_before;
  }
  Watched& watched = found->second;
  // Within a pump nothing comes in; what came back in between counts as published.
  watched.taken += pumped.ready_before - std::min(pumped.ready_before, pumped.ready_after);
  watched.published += pumped.ready_before - std::min(pumped.ready_before, watched.ready_last);
  watched.ready_last = pumped.ready_after;
  if (now - watched.window_begin >= limits::brake_window) {
    const std::uint64_t window = window_of(pumped.consumers);
    const auto windows =
        static_cast<std::uint64_t>((now - watched.window_begin) / limits::brake_window);
    watched.is_taken_quickly = window > 0 && watched.taken / windows >= window;
    watched.window_begin = now;
    watched.taken = 0;
  }
  if (watched.has_brake()) {
    if (pumped.ready_after <= limits::brake_length || !watched.is_taken_quickly)
      take_off(pumped.queue, watched);
  } else if (watched.is_taken_quickly && pumped.ready_after > 2 * limits::brake_length &&
             watched.published >= limits::brake_published_min) {
    put_on(pumped.queue, watched, now);
  }
}

/// Queues that nobody pumped for long are not watched any more.
bool PublisherBrakes::make_room(Nanos now) {
  if (watched_.size() < limits::brakes_max) return true;
  erase_if(watched_, [now](const auto& entry) {
    return !entry.second.has_brake() && now - entry.second.window_begin > limits::brake_memory;
  });
  return watched_.size() < limits::brakes_max;
}

void PublisherBrakes::put_on(QueueId queue, Watched& watched, Nanos now) {
  const std::uint64_t published = std::exchange(watched.published, 0);
  const auto due = static_cast<Nanos>(published) * nanos_per_s / limits::brake_rate_min;
  watched.brake_end = now + std::clamp<Nanos>(due, 1, limits::brake_max);
  watched.told = publishing_shards(now);
  on_.push_back(queue);
  told_all_.clear();
  for (const ShardId shard : watched.told)
    sink_.tell_publishers(shard, {queue, shard_, /*is_on=*/true});
}

void PublisherBrakes::take_off(QueueId queue, Watched& watched) {
  CHECK(watched.has_brake());
  watched.brake_end = never;
  CHECK(std::erase(on_, queue) == 1);
  for (const ShardId shard : std::exchange(watched.told, {}))
    sink_.tell_publishers(shard, {queue, shard_, /*is_on=*/false});
}

/// Each turn while a brake is on: shards that were not told of one, because they had not published
/// for long when it went on.
void PublisherBrakes::tell_newcomers(Nanos now) {
  if (is_told_all(now)) return;
  told_all_ = publishing_shards(now);
  for (const QueueId queue : on_) {
    Watched& watched = watched_.at(queue);
    for (const ShardId shard : told_all_) {
      if (std::find(watched.told.begin(), watched.told.end(), shard) != watched.told.end())
        continue;
      watched.told.push_back(shard);
      sink_.tell_publishers(shard, {queue, shard_, /*is_on=*/true});
    }
  }
}

bool PublisherBrakes::is_publishing(ShardId shard, Nanos now) const {
  return shard == shard_ || now - limits::brake_memory <= last_publish_[shard];
}

std::vector<ShardId> PublisherBrakes::publishing_shards(Nanos now) const {
  std::vector<ShardId> shards;
  for (ShardId shard = 0; shard < last_publish_.size(); ++shard)
    if (is_publishing(shard, now)) shards.push_back(shard);
  return shards;
}

bool PublisherBrakes::is_told_all(Nanos now) const {
  for (ShardId shard = 0; shard < last_publish_.size(); ++shard)
    if (is_publishing(shard, now) != std::binary_search(told_all_.begin(), told_all_.end(), shard))
      return false;
  return true;
}

void PublisherBrakes::work(bool is_behind, Nanos now) {
  for (std::size_t index = on_.size(); index > 0; --index) {
    const QueueId queue = on_[index - 1];
    Watched& watched = watched_.at(queue);
    if (watched.brake_end <= now) take_off(queue, watched);
  }
  if (!on_.empty()) tell_newcomers(now);
  if (!is_behind) {
    for (const ShardId shard : std::exchange(told_is_behind_, {}))
      sink_.tell_publishers(shard, {{}, shard_, /*is_on=*/false});
    return;
  }
  for (const ShardId shard : publishing_shards(now)) {
    if (shard == shard_) continue;  // It asks itself.
    if (std::find(told_is_behind_.begin(), told_is_behind_.end(), shard) != told_is_behind_.end())
      continue;
    told_is_behind_.push_back(shard);
    sink_.tell_publishers(shard, {{}, shard_, /*is_on=*/true});
  }
}

Nanos PublisherBrakes::next_deadline() const {
  Nanos next = never;
  for (const QueueId queue : on_) next = std::min(next, watched_.at(queue).brake_end);
  return next;
}

}  // namespace lepus::core
