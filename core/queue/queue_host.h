// What a queue needs from the shard it is homed on: time, the ways out of the shard (message log,
// outbox, channels), and the lists of queues that the shard works off. Implemented by Broker; a
// unit test of a queue implements it in a few lines (tests/unit/core/queue/fake_queue_host.h).
//
// What is asked once a message or more often (time, schedule(), message_log(), outbox()) is plain
// data here and costs no virtual call. All of it is for the shard's own thread.
#pragma once

#include <cstdint>

#include "core/base/ids.h"
#include "core/base/intrusive_list.h"
#include "core/base/time.h"
#include "core/broker/command.h"
#include "core/broker/ports.h"
#include "core/broker/stats.h"
#include "core/message/message.h"
#include "core/queue/dead_letter.h"
#include "core/topology/topology.h"

namespace lepus::core {

struct Consumer;

/// Base of every queue: its place in the shard's list of queues that have something to do.
struct RunnableQueue : ListNode<RunnableQueue> {};

/// A message that a queue gives up, and where it goes: as a dead letter, or on from an exchange's
/// delay queue.
struct Forward {
  MessageRef message;  ///< May be null when `route` is empty.
  RouteResult route;
  MessageRef to_stores;  ///< What stores on the route get instead; null: none is on it.
};

class QueueHost {
 public:
  /// Plain data of the shard's turn.
  struct Turn {
    Nanos now = 0;                ///< Of the loop's clock.
    Nanos stamp = 0;              ///< Since 1970, and never less than before.
    Nanos wall_clock_offset = 0;  ///< Nanoseconds since 1970 are now + offset.
    /// Too little memory is left: all messages that can be on disk alone are to go there.
    bool memory_pressure = false;
    std::uint32_t pressure_epoch = 0;  ///< Counts how often memory_pressure began.
  };

  ShardCounts counters;  ///< What happened on this shard; for whoever counts.

  QueueHost(ShardId shard, Outbox* outbox, MessageLog* message_log)
      : shard_(shard), outbox_(outbox), message_log_(message_log) {
    CHECK(outbox_ != nullptr);
    CHECK(message_log_ != nullptr);
  }
  virtual ~QueueHost() = default;

  ShardId shard() const { return shard_; }
  Outbox& outbox() { return *outbox_; }
  MessageLog& message_log() { return *message_log_; }
  MemoryAccount& memory() { return memory_; }
  const Turn& turn() const { return turn_; }
  Nanos now() const { return turn_.now; }

  /// Queue::pump() is called at the end of this step.
  void schedule(RunnableQueue& queue) {
    if (!queue.linked()) runnable_.push_back(queue);
  }
  /// The queue goes, or has nothing to do.
  void unschedule(RunnableQueue& queue) {
    if (queue.linked()) runnable_.remove(queue);
  }
  /// Queue::on_deadline() is called at `at` or later. It cannot be taken back.
  virtual void add_deadline(Nanos time, QueueId queue) = 0;
  /// Queue::on_written() is called whenever the message log may have written more, until it returns
  /// false.
  virtual void await_written(QueueId queue) = 0;
  /// The queue holds a message in memory: Queue::evict() is called when memory is needed, until
  /// Queue::on_eviction_done(). `has_own_limit`: also when there is enough memory.
  virtual void add_eviction_candidate(QueueId queue, bool has_own_limit) = 0;

  /// Where a message goes that `from` gives up. `from` has a dead letter exchange or is the store
  /// of an exchange. The route is empty when the message leads nowhere.
  virtual Forward make_forward(const QueueInfo& from, const Message& message,
                               DeathReason reason) = 0;
  /// Queue::forward_pending() is called at the end of the step. The queue asks once at a time.
  virtual void add_forwarding(QueueId queue) = 0;
  /// Publishes at once. A full queue that refuses the message does not get it. Not for a queue that
  /// is at work: the message may lead back to it.
  virtual void publish(const Forward& forward) = 0;
  /// Publishes at the end of the step.
  virtual void publish_later(const Forward& forward) = 0;
  /// Publishes at once; Queue::on_transferred() follows when the message is durable in all queues
  /// of the route. Returns false if it leads nowhere.
  [[nodiscard]] virtual bool transfer(const QueuePosition& from, const Forward& forward) = 0;
  /// Publishes a message of an exchange's history to where the new binding leads, at the end of the
  /// step.
  virtual void forward_history(const BindingSpec& to, const Message& message) = 0;

  /// The consumer lives until destroy_consumer().
  virtual Consumer& create_consumer(const ConsumerSpec& spec, DeliveryPort* local) = 0;
  virtual void destroy_consumer(Consumer& consumer) = 0;
  /// Returns true if the channel, which is one of this shard, is open.
  virtual bool is_attached(const ChannelRef& channel) = 0;
  /// Applies the command here when the session's shard is this one, else sends it there.
  virtual void send_to_session(ShardId shard, SessionCommand&& command) = 0;
  /// The message is null when the queue is empty.
  virtual void answer_get(GetReply&& reply, MessageRef message) = 0;
  /// Asks the control thread to delete the queue, which nobody used for x-expires.
  virtual void delete_expired(QueueId queue) = 0;

 protected:
  MemoryAccount memory_;  ///< Before everything that holds messages.
  Turn turn_;
  IntrusiveList<RunnableQueue> runnable_;

 private:
  ShardId shard_;
  Outbox* outbox_;
  MessageLog* message_log_;
};

}  // namespace lepus::core
