// Finding the queue, calling it, answering.
#include "core/broker/queue_commands.h"

#include <algorithm>
#include <memory>
#include <utility>

#include <boost/container/small_vector.hpp>

#include "core/access/access.h"
#include "core/limits.h"
#include "core/topology/topology_rules.h"

namespace lepus::core {

namespace {

std::string title_of(const QueueInfo& info, const Topology& topology) {
  const VhostInfo* vhost = topology.find_vhost(info.vhost);
  CHECK(vhost != nullptr);
  return queue_title(info.name, vhost->name);
}

}  // namespace

Consumer* QueueCommands::find_consumer(const ConsumerHandle& handle) {
  return handle.generation == 0 ? nullptr : parts_.consumers.find(handle.slot, handle.generation);
}

// --- Messages

void QueueCommands::on(Enqueue&& command) {
  const MessageRef message = std::move(command.message);
  message->enter_account(parts_.host.memory());
  parts_.publisher.flow().brakes().note_publish(command.publisher.shard, parts_.host.now());
  boost::container::small_vector<Queue*, 6> queues;
  if (Queue* queue = parts_.queues.find(command.queue)) queues.push_back(queue);
  if (command.more) {
    for (const QueueId id : *command.more)
      if (Queue* queue = parts_.queues.find(id)) queues.push_back(queue);
  }
  MessagePublisher::Accepted accepted;
  if (command.immediate == 0) {
    accepted = parts_.publisher.enqueue(message, queues);
  } else {
    ImmediateReply told{command.publisher, command.immediate, false};
    accepted = parts_.publisher.enqueue_at_once(message, queues, told.taken);
    parts_.host.send_to_session(command.publisher.shard, told);
  }
  if (command.number != 0)
    parts_.confirms.add(accepted.batch,
                        {command.publisher, command.number, command.number, accepted.refused});
}

void QueueCommands::on(const Settle& command) {
  if (requeues(command.outcome)) before_return(command.queue);
  if (Queue* queue = parts_.queues.find(command.queue))
    queue->settle(command, find_consumer(command.consumer));
}

void QueueCommands::on(const Redeliver& command) {
  before_return(command.queue);
  Queue* queue = parts_.queues.find(command.queue);
  Consumer* consumer = find_consumer(command.consumer);
  if (queue != nullptr && consumer != nullptr) return queue->redeliver(command, *consumer);
  const Settle returned{command.queue, command.first, command.last, {}, Outcome::returned};
  if (queue != nullptr) queue->settle(returned, nullptr);
  const auto count = static_cast<std::uint32_t>(command.last - command.first + 1);
  if (command.used_credit)
    parts_.host.send_to_session(command.channel.shard, CreditReturn{command.channel, count});
}

/// What this channel settled here before is recorded in the open batch or an earlier one.
void QueueCommands::on(const Barrier& command) {
  parts_.confirms.add(parts_.host.message_log().open_batch(),
                      {command.channel, command.number, command.number, false});
}

/// The commands between may come in several turns.
void QueueCommands::on(const Transaction& command) {
  CHECK(command.begins || transactions_ > 0);
  transactions_ += command.begins ? 1 : -1;
  parts_.host.message_log().keep_batch_open(transactions_ > 0);
}

// --- Consumers

void QueueCommands::on(Subscribe&& command) {
  const ConsumerSpec& spec = command.consumer;
  Queue* queue = parts_.queues.find(spec.queue);
  if (queue == nullptr) return refuse(spec.channel, {ReplyCode::not_found, {}});
  queue->catch_up();
  const bool is_here = spec.channel.shard == parts_.host.shard();
  DeliveryPort* local = is_here ? parts_.sessions.deliveries(spec.channel) : nullptr;
  Consumer* consumer = queue->consumers().subscribe(spec, command.stream.get(), local);
  if (consumer == nullptr)
    return refuse(spec.channel, {ReplyCode::access_refused,
                                 title_of(queue->info(), parts_.topology) + " in exclusive use"});
  consumer->name = std::move(command.name);
  parts_.host.send_to_session(spec.channel.shard,
                              Reply{spec.channel, 0, queue->counts().consumers, consumer->handle,
                                    parts_.host.shard(), spec.queue, nullptr});
}

void QueueCommands::on(const Unsubscribe& command) {
  if (Consumer* consumer = find_consumer(command.consumer)) {
    Queue& queue = *consumer->queue;
    before_return(command.queue);
    if (command.delivers_first) queue.catch_up();
    const ConsumerCancelled cancelled{consumer->spec.channel, consumer->spec.number};
    queue.consumers().unsubscribe(*consumer);
    if (command.cancels)
      parts_.host.send_to_session(cancelled.channel.shard, ConsumerCancelled{cancelled});
    if (queue.info().auto_delete && queue.counts().consumers == 0 && !queue.is_deleting())
      return ask_to_delete(queue, {command.channel});
  }
  if (command.channel) reply(command.channel, {});
}

void QueueCommands::on(const ConsumerFlow& command) {
  if (Consumer* consumer = find_consumer(command.consumer))
    consumer->queue->consumers().set_flow(*consumer, command);
  if (command.answer_to) reply(command.answer_to, {});
}

void QueueCommands::on(const CreditGrant& command) {
  if (Consumer* consumer = find_consumer(command.consumer))
    return consumer->queue->consumers().grant_credit(*consumer, command.credit);
  parts_.host.send_to_session(command.channel.shard,
                              CreditReturn{command.channel, command.credit.count});
}

// --- Questions and orders

void QueueCommands::on(const Get& command) {
  if (Queue* queue = parts_.queues.find(command.queue)) {
    queue->catch_up();
    return queue->get(command);
  }
  parts_.host.answer_get(
      {command.channel, 0, command.queue, 0, {}, parts_.host.shard(), false, true}, {});
}

void QueueCommands::on(const Purge& command) {
  Queue* queue = parts_.queues.find(command.queue);
  if (queue == nullptr) return reply(command.channel, {});
  if (const char* refusal = queue->purge_refusal(); refusal != nullptr)
    return refuse(command.channel,
                  {ReplyCode::not_implemented,
                   std::string{refusal} + " " + title_of(queue->info(), parts_.topology)});
  queue->catch_up();
  Discards::Purge purge{command.queue, command.channel};
  std::size_t budget = limits::discards_per_turn_max;
  if (parts_.discards.is_purging() || purge_piece(purge, budget)) parts_.discards.add(purge);
}

void QueueCommands::on(const ResolveUnreadable& command) {
  Queue* queue = parts_.queues.find(command.queue);
  const std::size_t count = queue == nullptr ? 0
                                             : queue->storage().resolve_unreadable(
                                                   command.order, limits::discards_per_turn_max);
  reply(command.channel, {count, 0});
}

/// Something may come back to it. All that had come back before a purge is taken out in one piece.
void QueueCommands::before_return(QueueId id) {
  if (!parts_.discards.is_purging()) return;
  Queue* queue = parts_.queues.find(id);
  if (queue == nullptr) return;
  parts_.discards.before_return(id, [queue](Queue::Purge& purge) {
    std::size_t unlimited = SIZE_MAX;
    purge.is_interrupted = true;
    (void)queue->purge(purge, unlimited);
    purge.is_interrupted = false;
  });
}

/// Answers when it is done. A queue that was deleted meanwhile has nothing more.
bool QueueCommands::purge_piece(Discards::Purge& purge, std::size_t& budget) {
  Queue* queue = parts_.queues.find(purge.queue);
  if (queue != nullptr && queue->purge(purge.progress, budget)) return true;
  reply(purge.channel, {purge.progress.count, 0});
  return false;
}

void QueueCommands::discard_piece() {
  for (const Inspection& inspection : std::exchange(inspections_, {})) {
    if (parts_.queues.find(inspection.queue) == nullptr) {
      reply(inspection.channel, {0, 0, /*is_gone=*/true});
    } else {
      inspections_.push_back(inspection);
    }
  }
  parts_.discards.work(
      [this](Discards::Purge& purge, std::size_t& budget) { return purge_piece(purge, budget); });
}

/// A deletion that has begun is carried out in any case, so a queue that is being deleted is as
/// good as gone.
void QueueCommands::on(const Inspect& command) {
  Queue* queue = parts_.queues.find(command.queue);
  CHECK(command.channel);
  if (queue == nullptr) return reply(command.channel, {0, 0, /*is_gone=*/true});
  if (queue->is_deleting()) return inspections_.push_back({command.queue, command.channel});
  queue->note_used();
  queue->catch_up();
  const Queue::Counts counts = queue->counts();
  reply(command.channel, {counts.ready, counts.consumers});
}

void QueueCommands::on(const CheckRoom& command) {
  Queue* queue = parts_.queues.find(command.queue);
  if (queue == nullptr || !queue->surely_refuses(command.count, command.bytes))
    return reply(command.channel, {});
  refuse(command.channel, {ReplyCode::precondition_failed, "partial tx completion"});
}

void QueueCommands::on(const DeleteQueue& command) {
  Queue* queue = parts_.queues.find(command.queue);
  if (queue == nullptr) return reply(command.channel, {});
  queue->catch_up();
  const Queue::Counts counts = queue->counts();
  const char* refusal = nullptr;
  if (command.if_empty && counts.ready > 0) refusal = " not empty";
  if (command.if_unused && counts.consumers > 0) refusal = " in use";
  if (refusal != nullptr)
    return refuse(command.channel, {ReplyCode::precondition_failed,
                                    title_of(queue->info(), parts_.topology) + refusal});
  ask_to_delete(*queue,
                {command.channel, static_cast<std::uint32_t>(counts.ready), user_of(command)});
}

void QueueCommands::delete_expired(QueueId id) {
  Queue* queue = parts_.queues.find(id);
  CHECK(queue != nullptr);
  ask_to_delete(*queue, {});
}

void QueueCommands::ask_to_delete(Queue& queue, Deletion deletion) {
  queue.set_deleting();
  auto request = std::make_unique<TopologyRequest>();
  request->kind = TopologyRequest::Kind::delete_queue;
  request->queue = queue.info().id;
  request->from = parts_.host.shard();
  request->user = std::move(deletion.user);
  parts_.host.outbox().send_to_control(
      TopologyAsk{deletion.channel, deletion.message_count, std::move(request)});
}

/// The control thread asks for the operator.
std::string QueueCommands::user_of(const DeleteQueue& command) const {
  if (command.channel.shard == parts_.control) return std::string{operator_name};
  const UserInfo* user = parts_.topology.access().find_user(command.user);
  return user == nullptr ? std::string{} : user->spec.name;
}

// --- Answers

void QueueCommands::reply(const ChannelRef& channel, const QueueCounts& counts) {
  const auto messages =
      static_cast<std::uint32_t>(std::min<std::uint64_t>(counts.messages, UINT32_MAX));
  parts_.host.send_to_session(channel.shard, Reply{channel,
                                                   messages,
                                                   counts.consumers,
                                                   {},
                                                   parts_.host.shard(),
                                                   {},
                                                   nullptr,
                                                   counts.is_gone});
}

void QueueCommands::refuse(const ChannelRef& channel, AmqpError error) {
  parts_.host.send_to_session(channel.shard, Reply{channel,
                                                   0,
                                                   0,
                                                   {},
                                                   parts_.host.shard(),
                                                   {},
                                                   std::make_unique<AmqpError>(std::move(error))});
}

}  // namespace lepus::core
