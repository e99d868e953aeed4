// The commands of queues to the sessions of this shard, each applied by one function. A session
// that is gone is a normal case: what was meant for it goes back where it came from.
#pragma once

#include "core/broker/flow/blocked_targets.h"
#include "core/broker/queue_command.h"
#include "core/broker/session_command.h"
#include "core/broker/session_table.h"

namespace lepus::core {

/// The way from a session to a queue.
class QueueSender {
 public:
  virtual ~QueueSender() = default;
  /// To `home`, the shard of the queue, which may be this one.
  virtual void send_to_queue(ShardId home, QueueCommand&& command) = 0;
};

class SessionCommands {
 public:
  /// What the commands work on; all of it outlives this object.
  struct Parts {
    SessionTable& sessions;
    QueueSender& queues;
    MemoryAccount& memory;  ///< Of messages that come from other shards.
    BlockedTargets& blocked;
  };
  explicit SessionCommands(const Parts& parts)
      : sessions_(parts.sessions),
        queues_(parts.queues),
        memory_(parts.memory),
        blocked_(parts.blocked) {}

  void on(Deliver&& command);
  void on(GetReply&& command);
  void on(const Reply& command);
  void on(const Confirm& command);
  void on(const ImmediateReply& command);
  void on(const ConsumerCancelled& command);
  void on(const ConsumerActive& command);
  void on(const CreditRequest& command);
  void on(const CreditReturn& command);
  void on(const PublisherBrake& command) { blocked_.apply(command); }
  /// A delivery that met no open channel returns to its place in the queue.
  void send_back(ShardId home, QueueId queue, Sequence sequence);

 private:
  SessionTable& sessions_;
  QueueSender& queues_;
  MemoryAccount& memory_;
  BlockedTargets& blocked_;
};

}  // namespace lepus::core
