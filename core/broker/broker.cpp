// Publishing, the turn's rhythm (pump, flush), and what queues need of their shard. Commands:
// broker_commands.cpp.
#include "core/broker/broker.h"

#include <algorithm>
#include <functional>
#include <utility>

#include <boost/container/small_vector.hpp>

#include "core/message/properties.h"
#include "core/topology/topology_rules.h"

namespace lepus::core {

Broker::Broker(const Wiring& wiring, ShardId shard_count)
    : QueueHost(wiring.shard, wiring.outbox, wiring.message_log),
      control_(wiring.control),
      restorer_(wiring.restorer),
      topology_(shard_count),
      transfers_(wiring.shard) {}

Broker::~Broker() {
  for (auto& [id, queue] : queues_)
    while (!queue->consumers().empty()) queue->unsubscribe(*queue->consumers().back());
  while (!runnable_.empty()) runnable_.remove(runnable_.front());
}

ChannelRef Broker::attach(const SessionPorts& ports) {
  CHECK(ports.answers != nullptr);
  const auto [handle, stored] = sessions_.create(ports);
  return {shard(), handle.slot, handle.generation};
}

void Broker::detach(const ChannelRef& channel) {
  CHECK(channel.shard == shard());
  CHECK(sessions_.find(channel.slot, channel.generation) != nullptr);
  sessions_.destroy(channel.slot);
}

const SessionPorts* Broker::find_session(const ChannelRef& channel) {
  CHECK(channel.shard == shard());
  return sessions_.find(channel.slot, channel.generation);
}

DeliveryPort* Broker::find_deliveries(const ChannelRef& channel) {
  const SessionPorts* ports = find_session(channel);
  return ports == nullptr ? nullptr : ports->deliveries;
}

ConfirmPort* Broker::find_confirms(const ChannelRef& channel) {
  const SessionPorts* ports = find_session(channel);
  return ports == nullptr ? nullptr : ports->confirms;
}

Queue* Broker::find_queue(QueueId id) {
  const auto found = queues_.find(id);
  return found == queues_.end() ? nullptr : found->second.get();
}

Consumer* Broker::find_consumer(const ConsumerHandle& handle) {
  return handle.generation == 0 ? nullptr : consumers_.find(handle.slot, handle.generation);
}

std::uint32_t Broker::publish(const Publish& publish, MessageRef message) {
  CHECK(message->complete());
  bool any_local = false;
  bool any_remote = false;
  bool any_recorded = false;
  for (const QueueInfo* info : *publish.route) {
    if (info->home != shard()) {
      any_remote = true;
    } else if (info->local != nullptr) {
      any_local = true;
      any_recorded |= info->local->records(*message) || info->local->needs_inspection();
    }
  }
  std::uint32_t waiting = 0;
  if (any_local) {
    const Accepted accepted = any_recorded ? publish_kept(*publish.route, message)
                                           : publish_transient(*publish.route, message);
    if (publish.number != 0) {
      add_confirm(accepted.batch,
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

Broker::AtOnce Broker::publish_at_once(const Publish& publish, MessageRef message) {
  CHECK(message->complete());
  CHECK(publish.immediate != 0);
  boost::container::small_vector<Queue*, 6> local;
  for (const QueueInfo* info : *publish.route)
    if (info->home == shard() && info->local != nullptr) local.push_back(info->local);
  AtOnce result;
  if (!local.empty()) {
    const Accepted accepted = enqueue_at_once(message, local, result.taken);
    if (publish.number != 0) {
      add_confirm(accepted.batch,
                  {publish.publisher, publish.number, publish.number, accepted.refused});
      ++result.confirms;
    }
  }
  result.replies = publish_remote(publish, std::move(message));
  if (publish.number != 0) result.confirms += result.replies;
  return result;
}

/// What a queue is given here is delivered before anything else happens to it.
Broker::Accepted Broker::enqueue_at_once(const MessageRef& message, std::span<Queue* const> queues,
                                         bool& taken) {
  boost::container::small_vector<Queue*, 6> takers;
  for (Queue* queue : queues) {
    queue->catch_up();
    if (queue->can_deliver_at_once(message->body_size(), false)) takers.push_back(queue);
  }
  taken = !takers.empty();
  if (!taken) return {};
  const Accepted accepted = enqueue(message, takers);
  for (Queue* queue : takers)
    if (queue->pump()) schedule(*queue);
  return accepted;
}

Broker::Accepted Broker::publish_transient(const RouteResult& route, const MessageRef& message) {
  Accepted accepted;
  for (const QueueInfo* info : route)
    if (info->local != nullptr) accepted.refused |= !info->local->push(message);
  return accepted;
}

Broker::Accepted Broker::publish_kept(const RouteResult& route, const MessageRef& message) {
  boost::container::small_vector<Queue*, 6> local;
  for (const QueueInfo* info : route)
    if (info->local != nullptr) local.push_back(info->local);
  return enqueue(message, local);
}

Broker::Accepted Broker::enqueue(const MessageRef& message, std::span<Queue* const> queues) {
  for (const Queue* queue : queues)
    if (queue->needs_inspection()) return enqueue_each(message, queues);
  return enqueue_plain(message, queues);
}

Broker::Accepted Broker::enqueue_plain(const MessageRef& message, std::span<Queue* const> queues) {
  std::uint32_t record_count = 0;
  for (const Queue* queue : queues) record_count += queue->records(*message) ? 1 : 0;
  if (record_count > 0) return record(message, queues, record_count);
  Accepted accepted;
  for (Queue* queue : queues) accepted.refused |= !queue->push(message);
  return accepted;
}

/// The record comes before the queues: what they do at once (drop, dead letter, deliver) follows it
/// in the journal.
Broker::Accepted Broker::record(const MessageRef& message, std::span<Queue* const> queues,
                                std::uint32_t record_count) {
  Accepted accepted;
  const RecordLocation place = message_log().append(*message, record_count);
  message->set_place(place);
  accepted.batch = message_log().open_batch();
  std::uint32_t index = 0;
  for (Queue* queue : queues) {
    const std::optional<Sequence> sequence = queue->push(message);
    accepted.refused |= !sequence;
    if (!queue->records(*message) || !place) continue;
    if (sequence) {
      message_log().enqueued(place, index++, {queue->info().id, *sequence});
    } else {
      message_log().refused(place);
    }
  }
  return accepted;
}

/// One Enqueue per destination shard, whatever the number of its queues. Returns how many shards.
std::uint32_t Broker::publish_remote(const Publish& publish, MessageRef message) {
  struct Part {
    ShardId home;
    Enqueue enqueue;
  };
  boost::container::small_vector<Part, 4> parts;
  for (const QueueInfo* info : *publish.route) {
    if (info->home == shard()) continue;
    const auto part = std::find_if(parts.begin(), parts.end(),
                                   [&](const Part& one) { return one.home == info->home; });
    if (part == parts.end()) {
      parts.push_back(
          {info->home,
           {info->id, nullptr, {}, publish.publisher, publish.number, publish.immediate}});
      continue;
    }
    std::unique_ptr<std::vector<QueueId>>& more = part->enqueue.more;
    if (!more) more = std::make_unique<std::vector<QueueId>>();
    more->push_back(info->id);
  }
  for (Part& part : parts) {
    const bool is_last = &part == &parts.back();
    part.enqueue.message = export_message(is_last ? std::move(message) : message);
    outbox().send(part.home, std::move(part.enqueue));
  }
  return static_cast<std::uint32_t>(parts.size());
}

void Broker::send_to_session(ShardId home, SessionCommand&& command) {
  std::visit([&]<class Command>(Command& one) { send<Command>(home, std::move(one)); }, command);
}

void Broker::ask(const TopologyRequest& request, const ChannelRef& channel,
                 std::uint32_t message_count) {
  outbox().send_to_control(
      TopologyAsk{channel, message_count, std::make_unique<TopologyRequest>(request)});
}

void Broker::ask_delete(Queue& queue, DeleteRequest deletion) {
  queue.set_deleting();
  TopologyRequest request;
  request.kind = TopologyRequest::Kind::delete_queue;
  request.queue = queue.info().id;
  request.from = shard();
  request.user = std::move(deletion.user);
  ask(request, deletion.channel, deletion.message_count);
}

/// Queues scheduled while pumping wait for the next pump: a queue gets one share per step.
void Broker::pump() {
  forwards_.work(*this);
  const RunnableQueue* last = runnable_.last();
  while (!runnable_.empty()) {
    auto& queue = static_cast<Queue&>(runnable_.front());
    const bool is_last = &queue == last;
    runnable_.remove(queue);
    if (queue.pump()) schedule(queue);
    if (is_last) break;
  }
}

void Broker::flush() {
  if (const std::uint64_t lost = message_log().watermarks_lost(); lost != watermarks_lost_) {
    watermarks_lost_ = lost;
    for (auto& [id, queue] : queues_) queue->repeat_watermarks();
  }
  discards_.work(
      [this](Discards::Purge& purge, std::size_t& budget) { return purge_piece(purge, budget); });
  note_written();
  evict();
  message_log().flush();
  send_confirms(confirms_, message_log().durable());
  send_confirms(confirms_free_, 0);
}

void Broker::send_confirms(std::vector<PendingConfirm>& confirms, std::uint64_t durable) {
  auto end = confirms.begin();
  while (end != confirms.end() && end->batch <= durable) ++end;
  // What a queue sends on when it hears of one may need confirms itself.
  due_.assign(confirms.begin(), end);
  confirms.erase(confirms.begin(), end);
  for (const PendingConfirm& due : due_) send(due.confirm.channel.shard, due.confirm);
}

/// Neighbouring numbers of one channel in one batch become one Confirm.
void Broker::add_confirm(std::uint64_t batch, const Confirm& confirm) {
  std::vector<PendingConfirm>& confirms = batch == 0 ? confirms_free_ : confirms_;
  if (!confirms.empty()) {
    PendingConfirm& last = confirms.back();
    CHECK(last.batch <= batch);
    if (last.batch == batch && last.confirm.channel == confirm.channel &&
        last.confirm.refused == confirm.refused && last.confirm.last + 1 == confirm.first) {
      last.confirm.last = confirm.last;
      return;
    }
  }
  confirms.push_back({batch, confirm});
}

void Broker::add_deadline(Nanos at, QueueId queue) {
  CHECK(queue);
  deadlines_.add(at, queue);
}

void Broker::advance(Nanos now) {
  CHECK(now >= turn_.now);
  turn_.now = now;
  turn_.stamp = std::max(turn_.stamp, now + turn_.wall_clock_offset);
  // What a queue registers while its deadline runs is for the next call.
  for (std::size_t left = deadlines_.size(); left > 0; --left) {
    const std::optional<QueueId> due = deadlines_.take_due(now);
    if (!due) break;
    if (Queue* queue = find_queue(*due)) queue->on_deadline(now);
  }
  deadlines_.tidy(queues_.size(), [this](QueueId id) { return find_queue(id) == nullptr; });
}

void Broker::delete_expired(QueueId id) {
  Queue* queue = find_queue(id);
  CHECK(queue != nullptr);
  ask_delete(*queue, {});
}

Consumer& Broker::create_consumer(const ConsumerSpec& spec, DeliveryPort* local) {
  const auto [handle, consumer] = consumers_.create(spec, local);
  consumer->handle = {handle.slot, handle.generation};
  return *consumer;
}

void Broker::destroy_consumer(Consumer& consumer) { consumers_.destroy(consumer.handle.slot); }

void Broker::answer_get(GetReply&& reply, MessageRef message) {
  if (reply.channel.shard == shard()) {
    if (const SessionPorts* ports = find_session(reply.channel))
      ports->answers->on_get_reply(reply, std::move(message));
    return;
  }
  if (message) reply.message = export_message(std::move(message));
  outbox().send(reply.channel.shard, std::move(reply));
}

void Broker::describe(std::span<const QueueId> ids, std::vector<QueueStats>& out) {
  for (const QueueId id : ids) {
    const Queue* queue = find_queue(id);
    if (queue == nullptr) continue;
    out.push_back({id, queue->ready_count(), queue->unacked_count(), queue->ready_body_bytes(),
                   queue->consumer_count(), queue->resident_count(), queue->resident_bytes()});
  }
}

std::string Broker::describe_queue(const QueueInfo& info) const {
  const VhostInfo* vhost = topology_.find_vhost(info.vhost);
  CHECK(vhost != nullptr);
  return queue_title(info.name, vhost->name);
}

}  // namespace lepus::core
