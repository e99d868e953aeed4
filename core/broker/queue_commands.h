// The commands of sessions to the queues of this shard, each applied by one function: a few lines
// that find the queue and call it. A queue that is gone is a normal case: the asker is answered as
// if it were empty, the rest is dropped.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "core/amqp_error.h"
#include "core/base/slab.h"
#include "core/broker/discards.h"
#include "core/broker/message_publisher.h"
#include "core/broker/queue_command.h"
#include "core/broker/queue_table.h"
#include "core/broker/session_table.h"
#include "core/queue/consumer.h"
#include "core/topology/topology.h"

namespace lepus::core {

class QueueCommands {
 public:
  /// What the commands work on; all of it outlives this object.
  struct Parts {
    QueueHost& host;
    const Topology& topology;
    QueueTable& queues;
    Discards& discards;
    Slab<Consumer>& consumers;
    SessionTable& sessions;
    MessagePublisher& publisher;
    PendingConfirms& confirms;
    ShardId control;  ///< The thread that decides about the topology.
  };
  explicit QueueCommands(const Parts& parts) : parts_(parts) {}

  void on(Enqueue&& command);
  void on(const Settle& command);
  void on(const Redeliver& command);
  void on(Subscribe&& command);
  void on(const Unsubscribe& command);
  void on(const Get& command);
  void on(const Purge& command);
  void on(const ResolveUnreadable& command);
  void on(const Inspect& command);
  void on(const DeleteQueue& command);
  void on(const CheckRoom& command);
  void on(const Barrier& command);
  void on(const Transaction& command);
  void on(const ConsumerFlow& command);
  void on(const CreditGrant& command);

  /// Nobody used the queue for x-expires: the control thread is asked to delete it.
  void delete_expired(QueueId queue);
  /// Once a turn: goes on with what is purged or was deleted, and answers those who asked for the
  /// counts of a queue that was being deleted.
  void discard_piece();

 private:
  struct QueueCounts {
    std::uint64_t messages = 0;
    std::uint32_t consumers = 0;
    bool is_gone = false;
  };
  struct Deletion {
    ChannelRef channel = {};  ///< Who is told; none: nobody.
    std::uint32_t message_count = 0;
    std::string user = {};  ///< Who asked, for events; empty: nobody.
  };

  Consumer* find_consumer(const ConsumerHandle& handle);
  bool purge_piece(Discards::Purge& purge, std::size_t& budget);
  void before_return(QueueId queue);
  void reply(const ChannelRef& channel, const QueueCounts& counts);
  void refuse(const ChannelRef& channel, AmqpError error);
  void ask_to_delete(Queue& queue, Deletion deletion);
  std::string user_of(const DeleteQueue& command) const;

  /// An Inspect of a queue that is being deleted: answered when it is gone.
  struct Inspection {
    QueueId queue;
    ChannelRef channel;
  };

  Parts parts_;
  std::vector<Inspection> inspections_;
  std::uint32_t transactions_ = 0;  ///< Of other shards, that have begun.
};

}  // namespace lepus::core
