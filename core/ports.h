// What the pure core needs from the outside, as abstract classes: the edge (net, persist,
// tools/server) implements them.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "core/base/time.h"
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

/// Who holds the messages that a ledger has records of. The ledger asks when it wants to write a
/// record again elsewhere. Implemented by the broker.
class MessageHolder {
 public:
  virtual ~MessageHolder() = default;
  /// What the queue holds at this position, ready or unacked; null: it left, or never was there.
  virtual Message* find_message(const QueuePosition& at) = 0;
};

/// Where persistent messages become durable: the journal of one shard. What it is told within one
/// turn is one batch, wholly there after a crash or not at all; a confirm leaves when the batch is
/// durable in which its message was recorded.
///
///   append() -> enqueued() or refused() for each of its queues -> settled() or dropped() for each
///   flush() once a turn: the open batch is closed and written, unless one is still under way
///
/// Only persistent messages in queues that outlive a restart (QueueSpec::is_kept()) come here.
class Ledger {
 public:
  virtual ~Ledger() = default;

  /// A record for a message that `queue_count` queues are to take; each of them is then named, in
  /// any order of other calls.
  virtual RecordPlace append(const Message& message, std::uint32_t queue_count) = 0;
  /// Queue number `index` of the record took it.
  virtual void enqueued(const RecordPlace& place, std::uint32_t index, const QueuePosition& at) = 0;
  /// One queue of the record did not take it.
  virtual void refused(const RecordPlace& place) = 0;
  /// The message left the queue for good. Also when enqueued() was not called yet.
  virtual void settled(const RecordPlace& place, const QueuePosition& at) = 0;
  /// The queue itself is gone: nothing need be written.
  virtual void dropped(const RecordPlace& place) = 0;
  /// Messages below this position may have been delivered: after a restart they are redelivered.
  virtual void seen(const QueuePosition& below) = 0;

  /// What is recorded now becomes durable with this batch. Numbers only grow.
  virtual std::uint64_t open_batch() const = 0;
  virtual void flush() = 0;
  /// Everything up to this batch is durable.
  virtual std::uint64_t durable() const = 0;

  /// More waits to be written than it should: whoever can, stops producing.
  virtual bool is_behind() const { return false; }
  /// Something is recorded that only needs another flush().
  virtual bool has_work() const { return false; }
  virtual std::uint64_t memory_bytes() const { return 0; }
  /// The queues have got what they held before a restart. From now on the ledger may move records
  /// and tells each message its new place; between turns, never within a call from above.
  virtual void set_holder(MessageHolder*) {}
  /// The shard stops: no more work that nobody waits for.
  virtual void stop_moving() {}
  /// Counts the times that older marks (seen()) were given up; they are then to be said again.
  virtual std::uint64_t marks_lost() const { return 0; }
};

/// The ledger of a broker without a disk: durable at once.
class MemoryLedger final : public Ledger {
 public:
  RecordPlace append(const Message&, std::uint32_t) override { return {}; }
  void enqueued(const RecordPlace&, std::uint32_t, const QueuePosition&) override {}
  void refused(const RecordPlace&) override {}
  void settled(const RecordPlace&, const QueuePosition&) override {}
  void dropped(const RecordPlace&) override {}
  void seen(const QueuePosition&) override {}
  std::uint64_t open_batch() const override { return 0; }
  void flush() override {}
  std::uint64_t durable() const override { return 0; }
};

/// A message that was found again after a restart.
struct Restored {
  Sequence sequence = 0;
  MessageRef message;
  Nanos deadline = never;  ///< By the message's own TTL and its queue's, of the loop's clock.
  bool redelivered = false;
};

struct RestoredQueue {
  std::vector<Restored> messages;
  std::vector<Sequence> next;
  std::vector<Sequence> seen;  ///< By level: below, messages may have been delivered.
};

/// What the queues of a shard held before the restart. Asked once for each queue, when it is made.
class Restorer {
 public:
  virtual ~Restorer() = default;
  /// The messages, in order of their sequences, and for each priority level in use the sequence
  /// to go on with, above every one that the queue ever gave out.
  virtual RestoredQueue restore(const QueueSpec& queue, MemoryAccount& account) = 0;
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
