// A queue on its home shard, as the shard sees it, whatever its kind. Every event (a message, an
// acknowledgement, a consumer, credit) only changes state and schedules the queue; the shard pumps
// scheduled queues once per step.
//
//   Queue -> ClassicQueue   consumers compete for messages: classic and quorum queues
//                           (core/queue/classic/classic_queue.h; what differs between the two:
//                           core/queue/classic/classic_kind.h)
//         -> StreamQueue    consumers read, each on its own (core/stream/stream_queue.h)
//
// A rule about a kind stands with that kind; whoever calls a queue does not ask of which it is.
// make_queue() (core/queue_kinds.h) makes one.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include "core/queue/queue_host.h"
#include "core/queue/queue_ports.h"
#include "core/queue/record_rule.h"
#include "core/topology/topology.h"

namespace lepus::core {

class MessageInspector;
struct QueueStats;

class Queue : public RunnableQueue {
 public:
  struct Counts {
    std::uint64_t ready = 0;
    std::uint64_t unacked = 0;  ///< Those that wait for another try included.
    std::uint64_t ready_body_bytes = 0;
    std::uint64_t resident = 0;        ///< Messages in memory.
    std::uint64_t resident_bytes = 0;  ///< Memory of those.
    std::uint32_t consumers = 0;
  };
  struct Purge {
    /// Where it ends, of each priority level that is not purged yet; none: it has not begun.
    std::optional<std::vector<Sequence>> ends = {};
    bool is_returned_out = false;  ///< What had come back before it began is taken out.
    bool is_interrupted = false;   ///< This call takes that out and no more.
    std::uint64_t count = 0;       ///< Messages that were taken out.
  };

  /// `info` outlives the queue. `records_all`: messages that are not persistent are recorded, too.
  Queue(const QueueInfo& info, bool records_all);
  virtual ~Queue();

  const QueueInfo& info() const { return *info_; }
  /// Which messages are to be recorded for this queue.
  const RecordRule& record_rule() const { return record_rule_; }
  /// Who looks at each message before it is pushed; null: nobody.
  MessageInspector* inspector() const { return inspector_.get(); }
  /// The control thread was asked to delete it, or it is being removed: it delivers nothing more.
  bool is_deleting() const { return is_deleting_; }
  void set_deleting() { is_deleting_ = true; }

  // --- Messages

  /// Its position; nullopt: the queue is full and refuses (x-overflow=reject-publish).
  [[nodiscard]] virtual std::optional<Sequence> push(MessageRef message) = 0;
  /// Delivers what can be delivered, at most a turn's share. Returns true if there is more to do
  /// that only needs another turn.
  [[nodiscard]] virtual bool pump() = 0;
  virtual void settle(const Settle& settle, Consumer* consumer) = 0;
  /// What the consumer has unacknowledged is to reach it again.
  virtual void redeliver(const Redeliver& request, Consumer& consumer) = 0;
  /// Takes the head for basic.get.
  virtual void get(const Get& request) = 0;
  /// Why it cannot be purged; null: it can.
  virtual const char* purge_refusal() const { return nullptr; }
  /// Takes the messages out that were ready when the purge began, as long as the budget lasts, each
  /// takes its discard_cost(). Returns true if there are more. Before something comes back to the
  /// queue meanwhile, it is called with Purge::is_interrupted: so the purge does not take what
  /// comes back.
  [[nodiscard]] virtual bool purge(Purge& purge, std::size_t& budget) = 0;
  /// What was published before is delivered as far as consumers can take it, and what has expired
  /// is gone: for commands whose answer says what the queue holds. Not within a pump or a publish.
  virtual void catch_up() = 0;
  /// Returns true if a message of this size that came now would go to a consumer.
  virtual bool can_deliver_at_once(std::uint64_t size) = 0;
  /// Returns true if it is going to refuse some of so many messages more, of so many bytes
  /// altogether, for no consumer can take any.
  virtual bool surely_refuses(std::uint64_t count, std::uint64_t bytes) = 0;

  // --- Rules and time

  /// QueueInfo::effective is another: a policy was set or cleared.
  virtual void on_policy_changed() = 0;
  /// Declared, inspected or read: it is in use (x-expires).
  virtual void note_used() = 0;
  /// The deadline has come that it gave QueueHost::add_deadline().
  virtual void on_deadline(Nanos now) = 0;

  // --- Its sides
  virtual Counts counts() const = 0;
  /// Fills all of the row but the id. Each call is a sample: what came since the one before is as
  /// old as that at most.
  virtual void describe(QueueStats& row) = 0;
  virtual QueueConsumers& consumers() = 0;
  virtual QueueStorage& storage() = 0;
  virtual QueueForwards& forwards() = 0;

 protected:
  std::unique_ptr<MessageInspector> inspector_;  ///< If it is needed.

 private:
  const QueueInfo* info_;
  RecordRule record_rule_;
  bool is_deleting_ = false;
};

}  // namespace lepus::core
