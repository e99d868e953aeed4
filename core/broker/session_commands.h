// The commands of queues to the sessions of this shard, each applied by one function. A session
// that is gone is a normal case: what was meant for it goes back where it came from.
#pragma once

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
  /// Messages that come from other shards belong to `memory`. All three outlive this object.
  SessionCommands(SessionTable& sessions, QueueSender& queues, MemoryAccount& memory)
      : sessions_(sessions), queues_(queues), memory_(memory) {}

  void on(Deliver&& command);
  void on(GetReply&& command);
  void on(const Reply& command);
  void on(const Confirm& command);
  void on(const ImmediateReply& command);
  void on(const ConsumerCancelled& command);
  void on(const ConsumerActive& command);
  void on(const CreditRequest& command);
  void on(const CreditReturn& command);
  /// A delivery that met no open channel returns to its place in the queue.
  void send_back(ShardId home, QueueId queue, Sequence sequence);

 private:
  SessionTable& sessions_;
  QueueSender& queues_;
  MemoryAccount& memory_;
};

}  // namespace lepus::core
