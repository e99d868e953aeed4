// What a queue shows to those who need only one side of it: the message log and the eviction list
// its storage, sessions its consumers, the router of what the broker sends on its forwards. Each
// kind implements them with its own parts.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include "core/broker/ports.h"
#include "core/queue/consumer.h"
#include "core/queue/consumer_list.h"
#include "core/queue/unreadable_messages.h"
#include "core/topology/topology.h"

namespace lepus::core {

class StreamLog;
struct StreamSpec;

/// Consumers that come, change and leave.
class QueueConsumers {
 public:
  virtual ~QueueConsumers() = default;
  /// In order of arrival.
  virtual const ConsumerList& all() const = 0;
  /// What they read, each from where it likes; null: they share what there is.
  virtual StreamLog* log() { return nullptr; }
  /// Returns null when it is refused, because somebody has or wants exclusive use. `stream`: where
  /// to begin in a stream; null: at its end. Other kinds do not look at it.
  virtual Consumer* subscribe(const ConsumerSpec& request, const StreamSpec* stream,
                              DeliveryPort* local) = 0;
  /// What it had unacked stays unacked until its channel settles it.
  virtual void unsubscribe(Consumer& consumer) = 0;
  /// Its channel pauses it or goes on, or has got or lost a shared limit.
  virtual void set_flow(Consumer& consumer, const ConsumerFlow& flow) = 0;
  /// Its channel granted it credit of the shared limit.
  virtual void grant_credit(Consumer& consumer, const Credit& credit) = 0;
};

/// Where the messages of a queue are: in memory, on disk, or both.
class QueueStorage {
 public:
  virtual ~QueueStorage() = default;
  /// What the queue held before the restart; before anything else happens to it.
  virtual void restore(const RestoredQueue& restored) = 0;
  /// The queue goes, with all it holds: drops messages as long as the budget lasts, each takes its
  /// discard_cost(). Nothing need be settled, and after the first call its QueueInfo may be gone.
  /// Returns true if there are more.
  [[nodiscard]] virtual bool drop_records(std::size_t& budget) = 0;
  /// Messages in memory.
  virtual std::uint64_t resident_count() const = 0;
  /// Evicts a piece, `memory_pressure`: all that can leave memory shall. Returns false if there is
  /// nothing left that could.
  [[nodiscard]] virtual bool evict(bool memory_pressure) = 0;
  /// QueueHost::add_eviction_candidate() knows the queue no more: no message is in memory.
  virtual void on_eviction_done() = 0;
  /// The message log has written more. Returns true if there is more to wait for.
  [[nodiscard]] virtual bool on_written() = 0;
  /// See RecordOwner.
  virtual std::optional<LocatedRecord> locate(Sequence sequence) const = 0;
  virtual void on_moved(Sequence sequence, const RecordLocation& place) = 0;
  [[nodiscard]] virtual bool on_fetched(Sequence sequence, const RecordLocation& place,
                                        MessageRef message) = 0;
  /// The record of an evicted message is damaged and was set aside: the message is gone.
  virtual void lose(Sequence sequence) = 0;
  /// What the operator wants to become of messages whose records cannot be read, for `count` of
  /// them at most. Returns how many there were.
  virtual std::size_t resolve_unreadable(const UnreadableOrder& order, std::size_t count) = 0;
  /// Appends a row for each of them, at most so many.
  virtual void describe_unreadable(std::size_t count, std::vector<UnreadableStats>& out) const = 0;
  /// Tells the message log the delivery watermarks again.
  virtual void repeat_watermarks() = 0;
};

/// What a queue sends elsewhere: dead letters, what leaves the store of an exchange, a history. As
/// it is here, of a kind that sends nothing.
class QueueForwards {
 public:
  virtual ~QueueForwards() = default;
  /// Sends on what the queue gave up, as long as the budget lasts. Returns true if there is more.
  [[nodiscard]] virtual bool forward_pending(std::size_t&) { return false; }
  /// The same, for a queue that goes: whoever calls forward_pending() does that as before.
  [[nodiscard]] virtual bool forward_rest(std::size_t&) { return false; }
  /// What it gave up and did not send on yet.
  virtual std::size_t pending_count() const { return 0; }
  /// What it gave up is in all queues that were to have it, or one of them refused.
  virtual void on_transferred(Sequence, bool) {}
  /// Of a history: sends it where the binding leads.
  virtual void replay(const BindingSpec&) {}
};

}  // namespace lepus::core
