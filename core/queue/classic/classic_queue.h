// A queue whose consumers compete for its messages: classic and quorum queues. This puts the parts
// together.
//
//   push, requeue -> QueueMessages -> pump(): while a message is ready and Delivery names a
//                                     consumer that can take it: deliver
//   settle -> QueueState decides -> taken out for good (QueueRecords tells the message log)
//                                -> Forwarding: dropped, or a dead letter
//                                -> Returns: ready again, delayed, to the same consumer
//   time, limits -> LimitEnforcer -> Forwarding
//
// The state (QueueState) calls nobody and reads no clock; the parts around it carry out what it
// says. They share QueueContext and know of one another only what their constructors say.
#pragma once

#include <memory>

#include "core/queue/classic/classic_consumers.h"
#include "core/queue/classic/classic_storage.h"
#include "core/queue/classic/delivery.h"
#include "core/queue/classic/forwarding.h"
#include "core/queue/classic/idle_expiry.h"
#include "core/queue/classic/limit_enforcer.h"
#include "core/queue/classic/message_inspector.h"
#include "core/queue/classic/pending_gets.h"
#include "core/queue/classic/queue_messages.h"
#include "core/queue/classic/returns.h"
#include "core/queue/queue.h"
#include "core/queue/queue_timer.h"
#include "core/queue/residency.h"

namespace lepus::core {

class ClassicQueue final : public Queue {
 public:
  /// Both outlive the queue.
  ClassicQueue(const QueueInfo& info, QueueHost& host);

  std::optional<Sequence> push(MessageRef message) override;
  bool pump() override;
  void settle(const Settle& settle, Consumer* consumer) override;
  void redeliver(const Redeliver& request, Consumer& consumer) override;
  void get(const Get& request) override;
  bool purge(Purge& purge, std::size_t& budget) override;
  void catch_up() override { limits_.catch_up(); }
  bool can_deliver_at_once(std::uint64_t size) override {
    return limits_.can_deliver_at_once(size, false);
  }
  bool surely_refuses(std::uint64_t count, std::uint64_t bytes) override {
    return limits_.surely_refuses(count, bytes);
  }

  void on_policy_changed() override;
  void note_used() override;
  void on_deadline(Nanos now) override;

  Counts counts() const override;
  void describe(QueueStats& row) override;
  QueueConsumers& consumers() override { return consumers_; }
  QueueStorage& storage() override { return storage_; }
  QueueForwards& forwards() override { return forwarding_; }

 private:
  bool deliver_share();
  void count_delivered(std::uint64_t count, std::uint64_t no_ack_count);
  /// Messages of one level.
  struct Purged {
    Sequence end;
    PriorityBacklog::Ready which;
  };
  bool purge_each(Purge& purge, std::size_t& budget, const Purged& what);
  void load_rules();
  Nanos idle_deadline() const;
  Nanos next_deadline() const;

  bool is_pumping_ = false;
  QueueMessages messages_;
  QueueTimer timer_;
  const QueueContext context_;
  IdleExpiry idle_;
  Residency residency_;
  Delivery delivery_;
  Forwarding forwarding_;
  LimitEnforcer limits_;
  Returns returns_;
  PendingGets gets_;
  ClassicConsumers consumers_;
  ClassicStorage storage_;
};

}  // namespace lepus::core
