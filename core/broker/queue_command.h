// What a session asks of a queue, whose home may be another shard. The home applies these commands
// in the order in which the session sent them. A command owns what it carries; a queue that is gone
// is a normal case.
//
//   session --QueueCommand--> queue's home --SessionCommand--> session      (session_command.h)
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "core/base/ids.h"
#include "core/message/message.h"
#include "core/stream/stream_spec.h"

namespace lepus::core {

/// A consumer at its queue; valid on the queue's home shard only.
struct ConsumerHandle {
  std::uint32_t slot = 0;
  std::uint32_t generation = 0;  ///< 0 is "none" (basic.get).
  bool operator==(const ConsumerHandle&) const = default;
};

enum class Outcome : std::uint8_t {
  acknowledged,
  requeued,  ///< By basic.reject or basic.nack.
  rejected,
  returned,     ///< By basic.recover, or its channel was closed or its consumer cancelled.
  undelivered,  ///< It never reached its consumer.
};
/// The queue has it again.
constexpr bool requeues(Outcome outcome) {
  return outcome != Outcome::acknowledged && outcome != Outcome::rejected;
}

/// Deliveries that a channel with a shared limit allows a consumer.
struct Credit {
  std::uint32_t count = 0;
  std::uint32_t size_max = UINT32_MAX;  ///< Of each body, bytes.
};

struct Enqueue {
  QueueId queue;
  std::unique_ptr<std::vector<QueueId>> more;  ///< Further queues on the same shard, or null.
  MessageRef message;                          ///< The only reference, in no shard's account.
  ChannelRef publisher;
  std::uint64_t number;  ///< Publish number to confirm, 0 when the channel is not in confirm mode.
  /// Not 0: queues take it only where a consumer does at once, and the publisher is told.
  std::uint64_t immediate = 0;
};
struct Settle {
  QueueId queue;
  Sequence first, last;
  ConsumerHandle consumer;
  Outcome outcome;
};
/// basic.recover with requeue=false: the consumer gets these, which it has unacknowledged, again.
/// When it is gone they go back to the queue.
struct Redeliver {
  QueueId queue;
  Sequence first, last;
  ConsumerHandle consumer;
  ChannelRef channel;
  bool used_credit;  ///< Each has credit of the channel's shared limit.
};
/// What a consumer asked for.
struct ConsumerSpec {
  QueueId queue;
  ChannelRef channel;
  std::uint32_t number;    ///< The channel's own number for the consumer.
  std::uint32_t prefetch;  ///< Unacked at most; 0 is no limit.
  std::int32_t priority;
  bool no_ack, exclusive;
  bool limited;         ///< The channel has a shared limit (qos global): ask it for credit.
  bool paused = false;  ///< It is to wait, as by ConsumerFlow.
  /// Bytes of bodies unacked at most, but for one message; 0 is no limit.
  std::uint32_t prefetch_size = 0;
};
/// What the operator calls a consumer.
struct ConsumerName {
  std::string tag;
  ConnectionId connection;
  std::uint16_t channel = 0;
};
struct Subscribe {
  ConsumerSpec consumer;
  std::unique_ptr<StreamSpec> stream = nullptr;  ///< Of a stream's consumer.
  /// Of one that is exclusive, or the single active one at times; null: nobody asks for it.
  std::unique_ptr<ConsumerName> name = nullptr;
};
struct Unsubscribe {
  QueueId queue;
  ChannelRef channel;  ///< Gets a Reply; none: nobody.
  ConsumerHandle consumer;
  bool cancels = false;  ///< Its own channel gets a ConsumerCancelled, behind what was delivered.
  bool delivers_first = false;  ///< basic.cancel: it gets what was published before.
};
struct Get {
  QueueId queue;
  ChannelRef channel;
  bool no_ack;
};
struct Purge {
  QueueId queue;
  ChannelRef channel;
};
/// What the operator wants to become of messages whose records cannot be read.
struct UnreadableOrder {
  bool drops = false;                     ///< Else they are tried again.
  std::optional<Sequence> position = {};  ///< Only the one there; none: all.
};
/// The Reply says how many there were, at most limits::discards_per_turn_max.
struct ResolveUnreadable {
  QueueId queue;
  ChannelRef channel;
  UnreadableOrder order;
};
/// Asks for the counts that declare-ok carries.
struct Inspect {
  QueueId queue;
  ChannelRef channel;
};
struct DeleteQueue {
  QueueId queue;
  ChannelRef channel;
  bool if_unused, if_empty;
  UserId user = {};  ///< Who asks, for events.
};
/// Asks whether a queue is going to refuse some of so many messages for sure: the Reply then has an
/// error.
struct CheckRoom {
  QueueId queue;
  ChannelRef channel;
  std::uint64_t count;
  std::uint64_t bytes;  ///< Of their bodies.
};
/// Asks for a Confirm once everything is durable that the channel settled at this shard before.
struct Barrier {
  ChannelRef channel;
  std::uint64_t number;  ///< As a publish number.
};
/// A transaction of another shard: what comes until its end is one batch of the message log.
struct Transaction {
  bool begins;
};
/// The channel's view of one consumer changed.
struct ConsumerFlow {
  QueueId queue;
  ConsumerHandle consumer;
  bool paused;   ///< Output of its connection is above the high-water mark, or channel.flow.
  bool limited;  ///< The channel has a shared limit.
  ChannelRef answer_to = {};  ///< Gets a Reply, behind what was delivered before; none: nobody.
};
struct CreditGrant {
  QueueId queue;
  ChannelRef channel;
  ConsumerHandle consumer;
  Credit credit;
};

using QueueCommand =
    std::variant<Enqueue, Settle, Redeliver, Subscribe, Unsubscribe, Get, Purge, ResolveUnreadable,
                 Inspect, DeleteQueue, CheckRoom, Barrier, Transaction, ConsumerFlow, CreditGrant>;

}  // namespace lepus::core
