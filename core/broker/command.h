// What one thread may ask of another: plain structs, trivially copyable, at most one cache line,
// carried by the rings between threads and applied in order. The same structs reach a queue or
// channel of the sender's own shard by direct call.
//
// Channel to a queue's home: Enqueue Settle Redeliver Subscribe Unsubscribe Get Purge Inspect
// DeleteQueue CheckRoom Barrier Transaction ConsumerFlow CreditGrant.
//
// Queue to a channel's shard: Deliver GetReply Reply Confirm ImmediateReply ConsumerCancelled
// ConsumerActive CreditRequest CreditReturn.
//
// Shard to control: TopologyAsk TopologyApplied Serving StopServing (all is closed) StatsReply.
//
// Control to shard: TopologyApply TopologyDone Alarm Reconfigure AskStats StopServing EndThread.
//
// Plain pointers in a command are owned by whoever holds it: the receiver adopts them.
#pragma once

#include <cstdint>
#include <type_traits>
#include <variant>
#include <vector>

#include "core/amqp_error.h"
#include "core/base/ids.h"
#include "core/broker/stats.h"
#include "core/queue/backlog/backlog.h"
#include "core/stream/stream_spec.h"
#include "core/topology/topology_change.h"
#include "core/topology/topology_request.h"

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

struct Enqueue {
  QueueId queue;
  std::vector<QueueId>* more;  ///< Further queues on the same shard, or null.
  Message* message;
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
struct Subscribe {
  QueueId queue;
  ChannelRef channel;
  std::uint32_t number;    ///< The channel's own number for the consumer.
  std::uint32_t prefetch;  ///< Unacked at most; 0 is no limit.
  std::int32_t priority;
  bool no_ack, exclusive;
  bool limited;         ///< The channel has a shared limit (qos global): ask it for credit.
  bool paused = false;  ///< It is to wait, as by ConsumerFlow.
  StreamSpec* stream = nullptr;  ///< Of a stream's consumer.
  /// Bytes of bodies unacked at most, but for one message; 0 is no limit.
  std::uint32_t prefetch_size = 0;
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
/// A transaction of another shard: what comes until its end is one batch of the message_log.
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
/// Deliveries that a channel with a shared limit allows a consumer.
struct Credit {
  std::uint32_t count = 0;
  std::uint32_t size_max = UINT32_MAX;  ///< Of each body, bytes.
};
struct CreditGrant {
  QueueId queue;
  ChannelRef channel;
  ConsumerHandle consumer;
  Credit credit;
};

/// Without a queue it is a direct reply: its number is the virtual host that it was published in,
/// its sequence the secret of the address.
struct Deliver {
  ChannelRef channel;
  std::uint32_t number;
  QueueId queue;
  Sequence sequence;
  Message* message;
  ShardId home;
  bool redelivered;
  bool no_ack;
  bool is_stream = false;            ///< `sequence` is the offset the consumer is to know.
  bool used_credit = false;          ///< Of the channel's shared limit.
  std::uint32_t delivery_count = 0;  ///< How often it came back, where that is counted.
};
struct GetReply {
  ChannelRef channel;
  std::uint32_t message_count;  ///< Left behind.
  QueueId queue;
  Sequence sequence;
  Message* message;  ///< Null: the queue was empty.
  ShardId home;
  bool redelivered;
  bool no_ack;
  std::uint32_t delivery_count = 0;  ///< As of Deliver.
};
/// The answer to Subscribe, Unsubscribe, Purge, Inspect, DeleteQueue, CheckRoom and, if asked,
/// ConsumerFlow.
struct Reply {
  ChannelRef channel;
  std::uint32_t message_count;
  std::uint32_t consumer_count;
  ConsumerHandle consumer;  ///< Of a Subscribe.
  ShardId home;
  QueueId queue;
  AmqpError* error;  ///< Null when it went well.
};
struct Confirm {
  ChannelRef channel;
  std::uint64_t first, last;
  bool refused;
};
/// Of a message with `immediate`, by each shard that got it; before its Confirm.
struct ImmediateReply {
  ChannelRef channel;
  std::uint64_t id;
  bool taken;  ///< By a consumer at least.
};
struct ConsumerCancelled {
  ChannelRef channel;
  std::uint32_t number;
};
/// Of a consumer of a queue with a single active one.
struct ConsumerActive {
  ChannelRef channel;
  std::uint32_t number;
  bool is_active;
};
struct CreditRequest {
  ChannelRef channel;
  std::uint32_t number;
  ShardId home;
  QueueId queue;
  ConsumerHandle consumer;
  std::uint32_t wanted;
  std::uint32_t size;  ///< Of the body that is next, bytes.
};
struct CreditReturn {
  ChannelRef channel;
  std::uint32_t count;
};

struct TopologyAsk {
  ChannelRef channel;           ///< Who gets TopologyDone; null when nobody waits.
  std::uint32_t message_count;  ///< Handed back in TopologyDone (queue.delete-ok).
  TopologyRequest* request;
};
struct TopologyApplied {
  std::uint64_t version;
};
struct TopologyApply {
  std::uint64_t version;
  TopologyChanges* changes;
};
struct TopologyDone {
  ChannelRef channel;
  std::uint32_t message_count;
  AmqpError* error;
};
/// What is short now. With anything short, publishers are blocked.
struct Alarm {
  bool memory = false;  ///< Above the high-water mark.
  bool disk = false;    ///< Free space of the data directory is below its limit.
  bool any() const { return memory || disk; }
  bool operator==(const Alarm&) const = default;
};
/// The shard accepts connections.
struct Serving {};
/// New settings for connections to come; what they are is the shard's business. Never freed.
struct Reconfigure {
  const void* settings;
};
/// The operator wants to know something, or connections to be closed.
struct AskStats {
  StatsRequest* inquiry;
};
struct StatsReply {
  StatsPage* part;
};
/// The broker stops: close every connection with 320. Comes back when that is done.
struct StopServing {};
/// All shards have closed their connections: nobody needs this thread any more.
struct EndThread {};

using Command = std::variant<Enqueue, Settle, Redeliver, Subscribe, Unsubscribe, Get, Purge,
                             Inspect, DeleteQueue, CheckRoom, Barrier, Transaction, ConsumerFlow,
                             CreditGrant, Deliver, GetReply, Reply, Confirm, ConsumerCancelled,
                             ConsumerActive, CreditRequest, CreditReturn, ImmediateReply,
                             TopologyAsk, TopologyApplied, TopologyApply, TopologyDone, Alarm,
                             Serving, Reconfigure, AskStats, StatsReply, StopServing, EndThread>;
static_assert(sizeof(Command) <= 64);
static_assert(std::is_trivially_copyable_v<Command>);

}  // namespace lepus::core
