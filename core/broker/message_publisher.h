// The way of a complete message from its route into queues: at once into those of this shard, as
// one Enqueue to each other shard.
//
//   publish() -> queues here: record, push -> batch that makes it durable -> PendingConfirms
//             -> other shards: Enqueue     -> enqueue() there
#pragma once

#include <cstdint>
#include <span>

#include "core/broker/flow/publisher_flow.h"
#include "core/broker/pending_confirms.h"
#include "core/queue/queue.h"
#include "core/queue/queue_host.h"
#include "core/topology/topology.h"

namespace lepus::core {

class MessagePublisher {
 public:
  struct Publish {
    const RouteResult* route;
    ChannelRef publisher;
    std::uint64_t number;         ///< 0: nobody waits for a confirm.
    std::uint64_t immediate = 0;  ///< Of publish_at_once(): names it in ImmediateReply.
  };
  /// A message with `immediate`: a queue takes it only where a consumer does at once.
  struct AtOnce {
    std::uint32_t confirms = 0;  ///< As publish() returns.
    std::uint32_t replies = 0;   ///< ImmediateReplies that will follow, of other shards.
    bool taken = false;          ///< By a consumer of a queue here.
  };
  /// What became of a message in the queues of this shard.
  struct Accepted {
    bool refused = false;     ///< By one of them at least.
    std::uint64_t batch = 0;  ///< Its record is durable with it; 0: it needs none.
  };

  /// Both outlive this object.
  MessagePublisher(QueueHost& host, PendingConfirms& confirms, ShardId shard_count)
      : host_(host), confirms_(confirms), flow_(host, shard_count) {}

  /// Who has to wait before it publishes more.
  PublisherFlow& flow() { return flow_; }
  const PublisherFlow& flow() const { return flow_; }

  /// Returns how many Confirms will follow for this number: one per shard that got the message.
  std::uint32_t publish(const Publish& publish, MessageRef message);
  AtOnce publish_at_once(const Publish& publish, MessageRef message);

  // --- Into queues of this shard

  Accepted enqueue(const MessageRef& message, std::span<Queue* const> queues);
  /// What a queue is given is delivered before anything else happens to it. `taken`: by a consumer.
  Accepted enqueue_at_once(const MessageRef& message, std::span<Queue* const> queues, bool& taken);

 private:
  Accepted publish_unrecorded(const RouteResult& route, const MessageRef& message);
  Accepted publish_recorded(const RouteResult& route, const MessageRef& message);
  std::uint32_t publish_remote(const Publish& publish, MessageRef message);
  Accepted enqueue_plain(const MessageRef& message, std::span<Queue* const> queues);
  Accepted enqueue_each(const MessageRef& message, std::span<Queue* const> queues);
  Accepted record(const MessageRef& message, std::span<Queue* const> queues,
                  std::uint32_t record_count);

  QueueHost& host_;
  PendingConfirms& confirms_;
  PublisherFlow flow_;
};

}  // namespace lepus::core
