// Into queues here, and on their way to other shards.
#include "core/broker/message_publisher.h"

#include <algorithm>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include <boost/container/small_vector.hpp>

#include "core/queue/classic/message_inspector.h"

namespace lepus::core {

std::uint32_t MessagePublisher::publish(const Publish& publish, MessageRef message) {
  CHECK(message->complete());
  bool any_local = false;
  bool any_remote = false;
  bool any_recorded = false;
  for (const QueueInfo* info : *publish.route) {
    if (info->home != host_.shard()) {
      any_remote = true;
    } else if (info->local != nullptr) {
      any_local = true;
      any_recorded |=
          info->local->record_rule().covers(*message) || info->local->inspector() != nullptr;
    }
  }
  std::uint32_t waiting = 0;
  if (any_local) {
    const Accepted accepted = any_recorded ? publish_recorded(*publish.route, message)
                                           : publish_unrecorded(*publish.route, message);
    if (publish.number != 0) {
      confirms_.add(accepted.batch,
                    {publish.publisher, publish.number, publish.number, accepted.refused});
      ++waiting;
    }
  }
  if (any_remote) {
    const std::uint32_t shards = publish_remote(publish, std::move(message));
    if (publish.number != 0) waiting += shards;
  }
  return waiting;
}

MessagePublisher::AtOnce MessagePublisher::publish_at_once(const Publish& publish,
                                                           MessageRef message) {
  CHECK(message->complete());
  CHECK(publish.immediate != 0);
  boost::container::small_vector<Queue*, 6> local;
  for (const QueueInfo* info : *publish.route)
    if (info->home == host_.shard() && info->local != nullptr) local.push_back(info->local);
  AtOnce result;
  if (!local.empty()) {
    const Accepted accepted = enqueue_at_once(message, local, result.taken);
    if (publish.number != 0) {
      confirms_.add(accepted.batch,
                    {publish.publisher, publish.number, publish.number, accepted.refused});
      ++result.confirms;
    }
  }
  result.replies = publish_remote(publish, std::move(message));
  if (publish.number != 0) result.confirms += result.replies;
  return result;
}

MessagePublisher::Accepted MessagePublisher::enqueue_at_once(const MessageRef& message,
                                                             std::span<Queue* const> queues,
                                                             bool& taken) {
  boost::container::small_vector<Queue*, 6> takers;
  for (Queue* queue : queues) {
    queue->catch_up();
    if (queue->can_deliver_at_once(message->body_size())) takers.push_back(queue);
  }
  taken = !takers.empty();
  if (!taken) return {};
  const Accepted accepted = enqueue(message, takers);
  for (Queue* queue : takers)
    if (queue->pump()) host_.schedule(*queue);
  return accepted;
}

MessagePublisher::Accepted MessagePublisher::publish_unrecorded(const RouteResult& route,
                                                                const MessageRef& message) {
  Accepted accepted;
  for (const QueueInfo* info : route)
    if (info->local != nullptr) accepted.refused |= !info->local->push(message);
  return accepted;
}

MessagePublisher::Accepted MessagePublisher::publish_recorded(const RouteResult& route,
                                                              const MessageRef& message) {
  boost::container::small_vector<Queue*, 6> local;
  for (const QueueInfo* info : route)
    if (info->local != nullptr) local.push_back(info->local);
  return enqueue(message, local);
}

MessagePublisher::Accepted MessagePublisher::enqueue(const MessageRef& message,
                                                     std::span<Queue* const> queues) {
  for (const Queue* queue : queues)
    if (queue->inspector() != nullptr) return enqueue_each(message, queues);
  return enqueue_plain(message, queues);
}

MessagePublisher::Accepted MessagePublisher::enqueue_plain(const MessageRef& message,
                                                           std::span<Queue* const> queues) {
  std::uint32_t record_count = 0;
  for (const Queue* queue : queues) record_count += queue->record_rule().covers(*message) ? 1 : 0;
  if (record_count > 0) return record(message, queues, record_count);
  Accepted accepted;
  for (Queue* queue : queues) accepted.refused |= !queue->push(message);
  return accepted;
}

/// Duplicates are dropped, which counts as taken. Each of these queues has a record of its own, so
/// beside others it needs a message of its own: a message knows one place.
MessagePublisher::Accepted MessagePublisher::enqueue_each(const MessageRef& message,
                                                          std::span<Queue* const> queues) {
  Accepted all;
  const auto take = [&](const MessageRef& message_ref, std::span<Queue* const> targets) {
    const Accepted accepted = enqueue_plain(message_ref, targets);
    all.refused |= accepted.refused;
    all.batch = std::max(all.batch, accepted.batch);
    return !accepted.refused;
  };
  boost::container::small_vector<Queue*, 6> plain;
  for (Queue* queue : queues) {
    MessageInspector* inspector = queue->inspector();
    if (inspector == nullptr) {
      plain.push_back(queue);
    } else if (!inspector->is_duplicate(*message)) {
      const MessageRef own = inspector->private_copy(message, queues.size() > 1);
      if (take(own, {&queue, 1})) inspector->remember(*message);
    }
  }
  if (!plain.empty()) take(message, plain);
  return all;
}

/// The record comes before the queues: what they do at once (drop, dead letter, deliver) follows it
/// in the journal.
MessagePublisher::Accepted MessagePublisher::record(const MessageRef& message,
                                                    std::span<Queue* const> queues,
                                                    std::uint32_t record_count) {
  MessageLog& log = host_.message_log();
  Accepted accepted;
  const RecordLocation place = log.append(*message, record_count);
  message->set_place(place);
  accepted.batch = log.open_batch();
  std::uint32_t index = 0;
  for (Queue* queue : queues) {
    const std::optional<Sequence> sequence = queue->push(message);
    accepted.refused |= !sequence;
    if (!queue->record_rule().covers(*message) || !place) continue;
    if (sequence) {
      log.enqueued(place, index++, {queue->info().id, *sequence});
    } else {
      log.refused(place);
    }
  }
  return accepted;
}

/// One Enqueue per destination shard, whatever the number of its queues. Returns how many shards.
std::uint32_t MessagePublisher::publish_remote(const Publish& publish, MessageRef message) {
  std::uint32_t shards = 0;
  const RouteResult& route = *publish.route;
  for (std::size_t i = 0; i < route.size(); ++i) {
    const ShardId home = route[i]->home;
    if (home == host_.shard()) continue;
    bool seen = false;
    for (std::size_t j = 0; j < i && !seen; ++j) seen = route[j]->home == home;
    if (seen) continue;
    Enqueue enqueue{route[i]->id,      nullptr,        {},
                    publish.publisher, publish.number, publish.immediate};
    for (std::size_t j = i + 1; j < route.size(); ++j) {
      if (route[j]->home != home) continue;
      if (!enqueue.more) enqueue.more = std::make_unique<std::vector<QueueId>>();
      enqueue.more->push_back(route[j]->id);
    }
    enqueue.message = export_message(i + 1 == route.size() ? std::move(message) : message);
    host_.outbox().send(home, std::move(enqueue));
    ++shards;
  }
  return shards;
}

}  // namespace lepus::core
