// What the pure core needs from the outside, as abstract classes: the edge (net, persist,
// tools/server) implements them.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "core/command.h"
#include "core/topology_change.h"

namespace lepus::core {

/// The way to other threads. Implemented by the shard over its mailboxes.
class Outbox {
 public:
  virtual ~Outbox() = default;
  /// Never fails and never blocks: what does not fit in the ring is staged, in order.
  virtual void send(ShardId to, const Command& command) = 0;
  /// The ring to `to` is full: whoever can, stops producing for it until it has room.
  virtual bool congested(ShardId to) const = 0;
};

/// A channel, as queues see it. Implemented by amqp::Channel; calls come on the channel's own
/// thread.
class ChannelPort {
 public:
  virtual ~ChannelPort() = default;
  /// One message for one of its consumers. Returns false when it wants no more for now (its
  /// connection's output is above the high-water mark); it then resumes with
  /// Broker::consumer_flow().
  [[nodiscard]] virtual bool on_deliver(const Deliver& delivery, MessageRef message) = 0;
  virtual void on_get_reply(const GetReply& reply, MessageRef message) = 0;
  virtual void on_reply(const Reply& reply) = 0;
  virtual void on_topology_done(const TopologyDone& done) = 0;
  virtual void on_confirm(const Confirm& confirm) = 0;
  virtual void on_consumer_cancelled(std::uint32_t number) = 0;
  /// qos global: how many of `wanted` deliveries are granted now; when fewer, the rest is
  /// remembered and granted later.
  [[nodiscard]] virtual std::uint32_t on_credit_request(const CreditRequest& request) = 0;
  virtual void on_credit_return(std::uint32_t count) = 0;
};

/// Where persistent messages become durable. Numbers batches; a confirm leaves when the batch that
/// was open when its message was accepted is durable. The broker without a disk has a ledger that
/// is durable at every flush.
class Ledger {
 public:
  virtual ~Ledger() = default;
  /// Closes the open batch and starts writing it; returns its number. Numbers grow by one.
  virtual std::uint64_t submit() = 0;
  /// Everything up to this batch is durable.
  virtual std::uint64_t durable() const = 0;
};

/// What a DefinitionStore held when it was opened.
struct StoredDefinitions {
  std::vector<TopologyChange> changes;  ///< In an order that Topology::apply() accepts.
  std::uint64_t last_id = 0;            ///< No id up to this one may be given out again.
};

/// Where definitions outlive the process. What is worth keeping of a change is decided by
/// DurableFilter (core/durable_filter.h); the rest is dropped by record(). Control thread only.
class DefinitionStore {
 public:
  virtual ~DefinitionStore() = default;
  /// In the order in which the master applied them. Never fails: a trouble shows at commit().
  /// QueueAdded of a queue that is kept already says where its home is now.
  virtual void record(const TopologyChange& change) = 0;
  /// Something recorded is not durable yet.
  virtual bool has_changes() const = 0;
  /// Makes everything recorded durable, all or nothing; blocks. Empty, or why not: then the store
  /// is of no more use, and nobody may be told of what was recorded since the last commit.
  [[nodiscard]] virtual std::string commit() = 0;
};

}  // namespace lepus::core
