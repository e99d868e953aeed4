// The one place where commands are applied: each is a few lines that find the queue or channel and
// call it. A queue or channel that is gone is a normal case: the command is dropped, what it
// carried is given back.
#include <algorithm>
#include <cstdint>
#include <memory>
#include <utility>
#include <variant>

#include <boost/container/small_vector.hpp>

#include "core/broker/broker.h"
#include "core/limits.h"
#include "core/queue/queue_kind.h"

namespace lepus::core {

void Broker::on(Enqueue&& command) {
  const MessageRef message = std::move(command.message);
  message->enter_account(memory_);
  boost::container::small_vector<Queue*, 6> queues;
  if (Queue* queue = find_queue(command.queue)) queues.push_back(queue);
  if (command.more) {
    for (const QueueId id : *command.more)
      if (Queue* queue = find_queue(id)) queues.push_back(queue);
  }
  Accepted accepted;
  if (command.immediate == 0) {
    accepted = enqueue(message, queues);
  } else {
    ImmediateReply told{command.publisher, command.immediate, false};
    accepted = enqueue_at_once(message, queues, told.taken);
    send(command.publisher.shard, told);
  }
  if (command.number != 0)
    add_confirm(accepted.batch,
                {command.publisher, command.number, command.number, accepted.refused});
}

/// What this channel settled here before is recorded in the open batch or an earlier one.
void Broker::on(const Barrier& command) {
  const std::uint64_t batch = message_log().open_batch();
  add_confirm(batch, {command.channel, command.number, command.number, false});
}

/// The commands between may come in several turns.
void Broker::on(const Transaction& command) {
  CHECK(command.begins || transactions_ > 0);
  transactions_ += command.begins ? 1 : -1;
  message_log().keep_batch_open(transactions_ > 0);
}

void Broker::on(const Settle& command) {
  if (requeues(command.outcome)) finish_purges(command.queue);
  if (Queue* queue = find_queue(command.queue))
    queue->settle(command, find_consumer(command.consumer));
}

void Broker::on(const Redeliver& command) {
  finish_purges(command.queue);
  Queue* queue = find_queue(command.queue);
  Consumer* consumer = find_consumer(command.consumer);
  if (queue != nullptr && consumer != nullptr) return queue->redeliver(command, *consumer);
  const Settle returned{command.queue, command.first, command.last, {}, Outcome::returned};
  if (queue != nullptr) queue->settle(returned, nullptr);
  const auto count = static_cast<std::uint32_t>(command.last - command.first + 1);
  if (command.used_credit) send(command.channel.shard, CreditReturn{command.channel, count});
}

void Broker::on(const Subscribe& command) {
  const ConsumerSpec& spec = command.consumer;
  Queue* queue = find_queue(spec.queue);
  if (queue == nullptr) return refuse(spec.channel, {ReplyCode::not_found, {}});
  queue->catch_up();
  DeliveryPort* local = spec.channel.shard == shard() ? find_deliveries(spec.channel) : nullptr;
  const Consumer* consumer = queue->subscribe(spec, command.stream.get(), local);
  if (consumer == nullptr)
    return refuse(spec.channel,
                  {ReplyCode::access_refused, describe_queue(queue->info()) + " in exclusive use"});
  send(spec.channel.shard, Reply{spec.channel, 0, queue->consumer_count(), consumer->handle,
                                 shard(), spec.queue, nullptr});
}

void Broker::on(const Unsubscribe& command) {
  if (Consumer* consumer = find_consumer(command.consumer)) {
    Queue& queue = *consumer->queue;
    finish_purges(command.queue);
    if (command.delivers_first) queue.catch_up();
    const ConsumerCancelled cancelled{consumer->spec.channel, consumer->spec.number};
    queue.unsubscribe(*consumer);
    if (command.cancels) send(cancelled.channel.shard, cancelled);
    if (queue.info().auto_delete && queue.consumers().empty() && !queue.is_deleting()) {
      return ask_delete(queue, {command.channel});
    }
  }
  if (command.channel) reply(command.channel, {});
}

void Broker::on(const Get& command) {
  if (Queue* queue = find_queue(command.queue)) {
    queue->catch_up();
    queue->get(command);
  } else {
    answer_get({command.channel, 0, command.queue, 0, {}, shard(), false, true}, {});
  }
}

void Broker::on(const Purge& command) {
  Queue* queue = find_queue(command.queue);
  if (queue != nullptr && !queue_kind(queue->info().parsed.queue_type).can_purge)
    return refuse(command.channel,
                  {ReplyCode::not_implemented,
                   "queue.purge not supported by stream queues " + describe_queue(queue->info())});
  if (queue == nullptr) return reply(command.channel, {});
  queue->catch_up();
  Discards::Purge purge{command.queue, command.channel};
  std::size_t budget = limits::discards_per_turn_max;
  if (discards_.is_purging() || purge_piece(purge, budget)) discards_.add(purge);
}

/// Something may come back to it.
void Broker::finish_purges(QueueId queue) {
  if (!discards_.is_purging()) return;
  discards_.finish_purges(queue, [this](Discards::Purge& purge, std::size_t& budget) {
    return purge_piece(purge, budget);
  });
}

/// Answers when it is done. A queue that was deleted meanwhile has nothing more.
bool Broker::purge_piece(Discards::Purge& purge, std::size_t& budget) {
  Queue* queue = find_queue(purge.queue);
  if (queue != nullptr && queue->purge(purge.progress, budget)) return true;
  reply(purge.channel, {purge.progress.count, 0});
  return false;
}

void Broker::on(const Inspect& command) {
  Queue* queue = find_queue(command.queue);
  if (queue == nullptr) return reply(command.channel, {});
  queue->note_used();
  queue->catch_up();
  reply(command.channel, {queue->ready_count(), queue->consumer_count()});
}

void Broker::on(const DeleteQueue& command) {
  Queue* queue = find_queue(command.queue);
  if (queue == nullptr) return reply(command.channel, {});
  queue->catch_up();
  const char* refusal = nullptr;
  if (command.if_empty && queue->ready_count() > 0) refusal = " not empty";
  if (command.if_unused && queue->consumer_count() > 0) refusal = " in use";
  if (refusal != nullptr)
    return refuse(command.channel,
                  {ReplyCode::precondition_failed, describe_queue(queue->info()) + refusal});
  ask_delete(*queue,
             {command.channel, static_cast<std::uint32_t>(queue->ready_count()), user_of(command)});
}

void Broker::on(const CheckRoom& command) {
  Queue* queue = find_queue(command.queue);
  if (queue == nullptr || !queue->surely_refuses(command.count, command.bytes))
    return reply(command.channel, {});
  refuse(command.channel, {ReplyCode::precondition_failed, "partial tx completion"});
}

/// The control thread asks for the operator.
std::string Broker::user_of(const DeleteQueue& command) const {
  if (command.channel.shard == control_) return std::string{operator_name};
  const UserInfo* user = topology_.access().find_user(command.user);
  return user == nullptr ? std::string{} : user->spec.name;
}

void Broker::on(const ConsumerFlow& command) {
  if (Consumer* consumer = find_consumer(command.consumer))
    consumer->queue->set_flow(*consumer, command);
  if (command.answer_to) reply(command.answer_to, {});
}

void Broker::on(const CreditGrant& command) {
  Consumer* consumer = find_consumer(command.consumer);
  if (consumer == nullptr)
    return send(command.channel.shard, CreditReturn{command.channel, command.credit.count});
  consumer->queue->grant_credit(*consumer, command.credit);
}

void Broker::on(Deliver&& command) {
  MessageRef message = std::move(command.message);
  message->enter_account(memory_);
  DeliveryPort* port = find_deliveries(command.channel);
  if (port == nullptr) {
    if (!command.no_ack) send_back(command.home, command.queue, command.sequence);
    return;
  }
  // The channel itself tells the queue to pause: it lives on another shard.
  (void)port->on_deliver(command, std::move(message));
}

void Broker::on(GetReply&& command) {
  MessageRef message = std::move(command.message);
  if (message) message->enter_account(memory_);
  if (const SessionPorts* ports = find_session(command.channel)) {
    ports->answers->on_get_reply(command, std::move(message));
  } else if (message && !command.no_ack) {
    send_back(command.home, command.queue, command.sequence);
  }
}

void Broker::send_back(ShardId home, QueueId queue, Sequence sequence) {
  send(home, Settle{queue, sequence, sequence, {}, Outcome::undelivered});
}

void Broker::on(const Reply& command) {
  if (const SessionPorts* ports = find_session(command.channel)) {
    ports->answers->on_reply(command);
  } else if (command.consumer.generation != 0) {
    send(command.home, Unsubscribe{command.queue, {}, command.consumer});
  }
}

void Broker::on(const Confirm& command) {
  if (command.channel == transfers_.channel()) return on_transfer_confirm(command);
  if (ConfirmPort* port = find_confirms(command.channel)) port->on_confirm(command);
}

void Broker::on(const ImmediateReply& command) {
  if (ConfirmPort* port = find_confirms(command.channel)) port->on_immediate_reply(command);
}

void Broker::on(const ConsumerCancelled& command) {
  if (DeliveryPort* port = find_deliveries(command.channel))
    port->on_consumer_cancelled(command.number);
}

void Broker::on(const ConsumerActive& command) {
  if (DeliveryPort* port = find_deliveries(command.channel))
    port->on_consumer_active(command.number, command.is_active);
}

void Broker::on(const CreditRequest& command) {
  DeliveryPort* port = find_deliveries(command.channel);
  if (port == nullptr) return;
  const Credit granted = port->on_credit_request(command);
  if (granted.count > 0)
    send(command.home, CreditGrant{command.queue, command.channel, command.consumer, granted});
}

void Broker::on(const CreditReturn& command) {
  if (DeliveryPort* port = find_deliveries(command.channel)) port->on_credit_return(command.count);
}

void Broker::on(const TopologyApply& command) {
  for (const TopologyChange& change : command.changes->list) {
    note_change(*command.changes, change);
    if (const auto* removed = std::get_if<QueueRemoved>(&change)) drop_queue(removed->id);
    topology_.apply(change);
    if (std::holds_alternative<PolicyPut>(change) || std::holds_alternative<PolicyRemoved>(change))
      follow_policies();
    const auto* bound = std::get_if<BindingAdded>(&change);
    if (bound != nullptr && has_topology_) replay_history(bound->binding);
    const auto* added = std::get_if<QueueAdded>(&change);
    if (added == nullptr || added->queue.home != shard()) continue;
    add_queue(added->queue.id);
  }
  emit_noted();
  // The first changes bring all queues from before a restart.
  has_topology_ = true;
  message_log().set_record_owner(this);
  outbox().send_to_control(TopologyApplied{command.version});
}

/// Queues for which the change that was just applied means something.
void Broker::follow_policies() {
  for (const auto& [id, queue] : queues_)
    if (queue->info().effective_since == topology_.version()) queue->on_policy_changed();
}

void Broker::on(const TopologyDone& command) {
  if (const SessionPorts* ports = find_session(command.channel))
    ports->answers->on_topology_done(command);
}

/// It gets what it held before a restart.
void Broker::add_queue(QueueId id) {
  QueueInfo* info = topology_.find_queue(id);
  info->local = queues_.emplace(id, make_queue(*info, *this)).first->second.get();
  if (restorer_ == nullptr || !info->survives_restart()) return;
  info->local->restore(restorer_->restore(*info));
}

/// What it gave up goes on, its consumers are told, its messages dropped. What is still unacked
/// somewhere finds no queue when it is settled.
void Broker::drop_queue(QueueId id) {
  Queue* queue = find_queue(id);
  if (queue == nullptr) return;
  std::size_t unlimited = SIZE_MAX;
  (void)queue->forward_pending(unlimited);
  while (!queue->consumers().empty()) {
    Consumer& consumer = *queue->consumers().front();
    const ConsumerCancelled cancelled{consumer.spec.channel, consumer.spec.number};
    queue->unsubscribe(consumer);
    send(cancelled.channel.shard, cancelled);
  }
  if (queue->linked()) runnable_.remove(*queue);
  queue->abandon_gets();
  const auto entry = queues_.find(id);
  std::size_t budget = limits::discards_per_turn_max;
  if (queue->drop_records(budget)) discards_.add(std::move(entry->second));
  queues_.erase(entry);
}

void Broker::reply(const ChannelRef& channel, const QueueCounts& counts) {
  const auto messages =
      static_cast<std::uint32_t>(std::min<std::uint64_t>(counts.messages, UINT32_MAX));
  send(channel.shard, Reply{channel, messages, counts.consumers, {}, shard(), {}, nullptr});
}

void Broker::refuse(const ChannelRef& channel, AmqpError error) {
  send(channel.shard,
       Reply{channel, 0, 0, {}, shard(), {}, std::make_unique<AmqpError>(std::move(error))});
}

}  // namespace lepus::core
