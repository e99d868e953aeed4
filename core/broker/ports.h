// What the pure core needs from the outside, as abstract classes: the edge (net, persist,
// tools/server) implements them.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "core/base/time.h"
#include "core/broker/command.h"
#include "core/broker/stats.h"
#include "core/topology/topology_change.h"

namespace lepus::core {

/// The way to other shards and the control thread. Implemented by the shard over its mailboxes.
class Outbox {
 public:
  virtual ~Outbox() = default;
  /// Never fails and never blocks: what does not fit in the ring is staged, in order.
  virtual void send(ShardId to, PeerCommand&& command) = 0;
  /// The same to the control thread.
  virtual void send_to_control(ControlCommand&& command) = 0;
  /// The ring to `to` is full: whoever can, stops producing for it until it has room.
  virtual bool congested(ShardId to) const = 0;
};

// --- A session, as queues and the control thread see it, by what it wants of them. Calls come on
// the session's own thread.

/// The answers to what a session asked. It gets no others, so it implements those of the requests
/// it makes.
class AnswerPort {
 public:
  virtual ~AnswerPort() = default;
  virtual void on_reply(const Reply&) {}
  virtual void on_topology_done(const TopologyDone&) {}
  virtual void on_get_reply(const GetReply&, MessageRef) {}
};

/// What comes to the consumers of a session.
class DeliveryPort {
 public:
  virtual ~DeliveryPort() = default;
  /// One message for one of its consumers. Returns false when it wants no more for now (its
  /// connection's output is above the high-water mark); it then resumes with ConsumerFlow.
  [[nodiscard]] virtual bool on_deliver(const Deliver& delivery, MessageRef message) = 0;
  virtual void on_consumer_cancelled(std::uint32_t number) = 0;
  /// With a single active consumer: whether this one is it.
  virtual void on_consumer_active(std::uint32_t, bool) {}
  /// With a shared prefetch: how many of `wanted` deliveries are granted now; when none, the
  /// request is remembered and granted later. Asked only for consumers that are `limited`.
  [[nodiscard]] virtual Credit on_credit_request(const CreditRequest&) { return {}; }
  virtual void on_credit_return(std::uint32_t) {}
};

/// What becomes of the numbered publishes of a session.
class ConfirmPort {
 public:
  virtual ~ConfirmPort() = default;
  virtual void on_confirm(const Confirm& confirm) = 0;
  /// Of a publish with `immediate`.
  virtual void on_immediate_reply(const ImmediateReply&) {}
};

/// The ports of one session; null: it has no consumers, or numbers no publishes.
struct SessionPorts {
  AnswerPort* answers;
  DeliveryPort* deliveries = nullptr;
  ConfirmPort* confirms = nullptr;
};

/// What a queue holds at a position.
struct LocatedRecord {
  RecordLocation place;        ///< Of its record.
  Message* message = nullptr;  ///< Null: it is on disk only.
};

/// Who holds the messages that a message log has records of. The message log asks when it wants to
/// write a record again elsewhere, and brings what was fetched. Implemented by the broker; called
/// between turns of the broker, never within a call from there.
class RecordOwner {
 public:
  virtual ~RecordOwner() = default;
  /// Ready, unacked or retained; nothing: it left, never was there, or has no record.
  virtual std::optional<LocatedRecord> locate(const QueuePosition& position) = 0;
  /// Its record is there from now on.
  virtual void on_moved(const QueuePosition& position, const RecordLocation& place) = 0;
  /// What MessageLog::fetch() was asked for, as it lay at `place`: when the queue has another place
  /// now, it means nothing. Null: the record cannot be read now; the message log logs it when
  /// `true` comes back.
  virtual bool on_fetched(const QueuePosition& position, const RecordLocation& place,
                          MessageRef message) = 0;
  /// What locate() said lies there is damaged, and was set aside for a person to look at: the
  /// message leaves the queue.
  virtual void on_lost(const QueuePosition& position) = 0;
  /// Fetched messages belong to this account.
  virtual MemoryAccount& memory_of_fetched() = 0;
};

/// Where persistent messages become durable: the journal of one shard. What it is told within one
/// turn is one batch, wholly there after a crash or not at all; a confirm leaves when the batch is
/// durable in which its message was recorded.
///
///   append() -> enqueued() or refused() for each of its queues -> settled() or dropped() for each
///   flush() once a turn: the open batch is closed and written, unless one is still under way
///
/// Persistent messages in queues that survive a restart come here, and what is written because
/// memory is short (append_paged): that means nothing after a restart.
class MessageLog {
 public:
  JournalCounts counts;  ///< For whoever asks.

  virtual ~MessageLog() = default;

  /// A record for a message that `queue_count` queues are to take; each of them is then named, in
  /// any order of other calls.
  virtual RecordLocation append(const Message& message, std::uint32_t queue_count) = 0;
  /// Queue number `index` of the record took it.
  virtual void enqueued(const RecordLocation& place, std::uint32_t index,
                        const QueuePosition& position) = 0;
  /// Records a message of any kind for one queue, to save memory. It ends with dropped(). No place:
  /// this message log cannot.
  virtual RecordLocation append_paged(const Message&, const QueuePosition&) { return {}; }
  /// Records before this place are as durable as they will be, and can be fetched.
  virtual RecordLocation written_end() const { return {}; }
  struct FetchRequest {
    QueuePosition at;
    RecordLocation place;
  };
  /// Reads records back: RecordOwner::on_fetched() is called for each, in any order and later.
  virtual void fetch(std::span<const FetchRequest>) { CHECK(false); }
  /// One queue of the record did not take it.
  virtual void refused(const RecordLocation& place) = 0;
  /// The message left the queue for good. Also when enqueued() was not called yet.
  virtual void settled(const RecordLocation& place, const QueuePosition& position) = 0;
  /// The queue itself is gone: nothing need be written.
  virtual void dropped(const RecordLocation& place) = 0;
  /// Messages below this position may have been delivered: after a restart they are redelivered.
  virtual void delivery_watermark(const QueuePosition& below) = 0;

  /// What is recorded now becomes durable with this batch. Numbers only grow.
  virtual std::uint64_t open_batch() const = 0;
  virtual void flush() = 0;
  /// While told so, the open batch stays open: what belongs together comes in several turns.
  virtual void keep_batch_open(bool) {}
  /// Everything up to this batch is durable.
  virtual std::uint64_t durable() const = 0;

  /// More waits to be written than it should: whoever can, stops producing.
  virtual bool is_behind() const { return false; }
  /// Something is recorded that only needs another flush().
  virtual bool has_work() const { return false; }
  virtual std::uint64_t memory_bytes() const { return 0; }
  /// The queues have got what they held before a restart. From now on the message log may move
  /// records and tells each message its new place; between turns, never within a call from above.
  virtual void set_record_owner(RecordOwner*) {}
  /// The shard stops: no more work that nobody waits for.
  virtual void stop_moving() {}
  /// Returns how many times older delivery watermarks were given up; they then have to be told
  /// again.
  virtual std::uint64_t watermarks_lost() const { return 0; }
};

/// The message log of a broker without a disk: durable at once.
class RamMessageLog final : public MessageLog {
 public:
  RecordLocation append(const Message&, std::uint32_t) override { return {}; }
  void enqueued(const RecordLocation&, std::uint32_t, const QueuePosition&) override {}
  void refused(const RecordLocation&) override {}
  void settled(const RecordLocation&, const QueuePosition&) override {}
  void dropped(const RecordLocation&) override {}
  void delivery_watermark(const QueuePosition&) override {}
  std::uint64_t open_batch() const override { return 0; }
  void flush() override {}
  std::uint64_t durable() const override { return 0; }
};

/// Messages that were found again after a restart. Their records lie one behind the other, all of
/// one size.
struct RestoredRun {
  Sequence first = 0;  ///< The others follow it.
  std::uint32_t count = 1;
  RecordLocation place;  ///< Of the first.
  std::uint32_t body_size = 0;
  /// Of the first, in milliseconds since 1970; 0: not kept. Of a stream, to stream_time_step.
  std::uint64_t enqueued_ms = 0;
  Nanos deadline = never;  ///< By the message's own TTL, of the loop's clock.
  bool redelivered = false;
};

struct RestoredQueue {
  std::vector<RestoredRun> runs;  ///< In order of their sequences within each level.
  /// For each priority level in use: the sequence to go on with, above every one ever given out.
  std::vector<Sequence> next;
  std::vector<Sequence> delivered_below;  ///< By level: below, messages may have been delivered.
};

/// What the queues of a shard held before the restart. Asked once for each queue, when it is made.
class Restorer {
 public:
  virtual ~Restorer() = default;
  virtual RestoredQueue restore(const QueueSpec& queue) = 0;
};

/// What a DefinitionStore held when it was opened.
struct StoredDefinitions {
  std::vector<TopologyChange> changes;  ///< In an order that Topology::apply() accepts.
  std::uint64_t last_id = 0;            ///< No id up to this one may be given out again.
};

/// Where definitions outlive the process. What is worth keeping of a change is decided by
/// DurableFilter (core/topology/durable_filter.h); the rest is dropped by record(). One thread at a
/// time.
class DefinitionStore {
 public:
  virtual ~DefinitionStore() = default;
  /// In the order in which the master applied them. Never fails: a trouble shows at commit().
  /// QueueAdded of a queue that is kept already says where its home is now.
  virtual void record(const TopologyChange& change) = 0;
  /// Something recorded is not durable yet.
  virtual bool has_changes() const = 0;
  /// Makes everything recorded durable, all or nothing; blocks. Empty, or why not: then nobody may
  /// be told of what was recorded since the last commit, and fault() says what kind of trouble it
  /// is.
  [[nodiscard]] virtual std::string commit() = 0;
  enum class Fault : std::uint8_t {
    busy,      ///< Another program has it locked.
    no_room,   ///< Of disk or memory.
    damaged,   ///< It cannot hold what was recorded; what it held before is as it was.
    in_doubt,  ///< The disk failed in the commit: a restart may find what was recorded, or not,
               ///< until a later commit works.
  };
  /// Why the last commit() failed.
  virtual Fault fault() const { return Fault::in_doubt; }
  /// Records something that changes no definition, so that the next commit() settles what is in
  /// doubt.
  virtual void touch() {}
  /// After a failed commit(), or before a commit(): what was recorded since the last one is
  /// forgotten. `undo` takes it back on the master (core/topology/topology_undo.h), in the order in
  /// which it was applied there.
  virtual void roll_back(std::span<const TopologyChange>) { CHECK(false); }
  /// Queues with ids up to this one can be added without a commit, if they are not to be kept.
  virtual std::uint64_t reserved_id() const { return 0; }
};

}  // namespace lepus::core
