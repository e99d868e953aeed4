// A queue on its home shard: the backlog, the consumers, and the one function that decides, pump().
// Every event (a message, an acknowledgement, a consumer, credit) only changes state and marks the
// queue; the broker pumps marked queues once per step.
//
//   push, requeue -> backlog -> pump(): while ready and a consumer can take: deliver, next consumer
//   (round robin per priority)
//
// Consumers of the highest priority take everything while any of them can; RabbitMQ's rule
// (consumer priorities).
#pragma once

#include <cstdint>
#include <vector>

#include "core/backlog.h"
#include "core/consumer.h"
#include "core/topology.h"

namespace lepus::core {

class Broker;

class Queue : public ListNode<Queue> {
 public:
  Queue(const QueueInfo& info, Broker& broker) : info_(&info), broker_(broker) {}
  ~Queue();

  const QueueInfo& info() const { return *info_; }
  std::uint64_t ready_count() const { return backlog_.ready_count(); }
  std::uint64_t unacked_count() const { return backlog_.unacked_count(); }
  std::uint32_t consumer_count() const { return static_cast<std::uint32_t>(consumers_.size()); }

  void push(MessageRef message);
  /// Delivers what can be delivered, at most a turn's share. True: there is more to do that only
  /// needs another turn.
  [[nodiscard]] bool pump();

  /// Takes the head for basic.get; message count left in the reply.
  void get(const Get& request);
  void settle(const Settle& settle, Consumer* consumer);
  std::uint64_t purge() { return backlog_.purge(); }

  /// Null when refused: `error` says why (exclusive use).
  Consumer* subscribe(const Subscribe& wish, ChannelPort* local, AmqpError& error);
  /// What it had unacked stays unacked until its channel settles it.
  void unsubscribe(Consumer& consumer);
  /// It may be able to take again.
  void consumer_changed(Consumer& consumer);
  const std::vector<Consumer*>& consumers() const { return consumers_; }
  bool had_consumer() const { return had_consumer_; }

 private:
  friend class Broker;
  enum class Turn : std::uint8_t { delivered, not_now, retry_later };

  Turn offer(Consumer& consumer);
  bool obtain_credit(Consumer& consumer);
  void return_unused_credit(Consumer& consumer);
  void deliver_to(Consumer& consumer);
  void activate(Consumer& consumer);
  void rotate(Consumer& consumer);

  const QueueInfo* info_;
  Broker& broker_;
  Backlog backlog_;
  IntrusiveList<Consumer> active_;    ///< May be able to take, highest priority first.
  std::vector<Consumer*> consumers_;  ///< In order of arrival.
  bool had_consumer_ = false;         ///< Auto-delete waits for the first consumer.
  bool deleting_ = false;             ///< The control thread was asked to delete it.
};

}  // namespace lepus::core
