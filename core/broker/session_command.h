// What a queue tells a session, whose connection may live on another shard: deliveries, answers,
// confirms, and what its consumers need to know. The session's shard applies these commands in the
// order in which the queue sent them; a session that is gone gets nothing, and what was meant for
// it goes back. A command owns what it carries.
#pragma once

#include <cstdint>
#include <memory>
#include <variant>

#include "core/amqp_error.h"
#include "core/broker/queue_command.h"

namespace lepus::core {

/// Without a queue it is a direct reply: its number is the virtual host that it was published in,
/// its sequence the secret of the address.
struct Deliver {
  ChannelRef channel;
  std::uint32_t number;
  QueueId queue;
  Sequence sequence;
  MessageRef message;  ///< Null on the way to a session of this shard, which gets it beside this.
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
  MessageRef message;  ///< As of Deliver; null also when the queue was empty.
  ShardId home;
  bool redelivered;
  bool no_ack;
  std::uint32_t delivery_count = 0;  ///< As of Deliver.
};
/// The answer to Subscribe, Unsubscribe, Purge, Inspect, DeleteQueue, CheckRoom and, if asked,
/// ConsumerFlow. The one command of a queue that the control thread may have asked for.
struct Reply {
  ChannelRef channel;
  std::uint32_t message_count;
  std::uint32_t consumer_count;
  ConsumerHandle consumer;  ///< Of a Subscribe.
  ShardId home;
  QueueId queue;
  std::unique_ptr<AmqpError> error;  ///< Null when it went well.
  bool is_gone = false;              ///< Of an Inspect: the queue is not there any more.
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

/// For the publishers of a shard: input of those that publish to this queue, or with none to this
/// home shard, is not read while it is on.
struct PublisherBrake {
  QueueId queue;
  ShardId home;
  bool is_on;
};

using SessionCommand =
    std::variant<Deliver, GetReply, Reply, Confirm, ImmediateReply, ConsumerCancelled,
                 ConsumerActive, CreditRequest, CreditReturn, PublisherBrake>;

}  // namespace lepus::core
