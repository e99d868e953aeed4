// The records of a queue's messages in the shard's message log: which messages have one, and that
// the message log hears of every way out of the queue.
//
//   push (the broker records) -> backlog -> take(): settled() or, of what only saved memory,
//   dropped()
//
// A delivery that is to be acknowledged moves the queue's delivery watermark first: after a restart
// messages below it are redelivered, those above were never out.
#pragma once

#include <cstddef>
#include <optional>

#include "core/broker/ports.h"
#include "core/queue/backlog/priority_backlog.h"
#include "core/queue/record_rule.h"

namespace lepus::core {

class QueueRecords {
 public:
  /// `backlog`, which holds the messages of the queue, and the message log outlive this object.
  QueueRecords(QueueId queue, const RecordRule& rule, PriorityBacklog& backlog,
               MessageLog& message_log)
      : queue_(queue), rule_(rule), backlog_(backlog), message_log_(message_log) {}

  const RecordRule& rule() const { return rule_; }

  /// Takes the message out of the backlog for good. Returns null if it was on disk only.
  MessageRef take(Sequence sequence) {
    Backlog::Taken taken = backlog_.take(sequence);
    if (rule_.is_durable || !taken.message) note_taken(sequence, taken);
    return std::move(taken.message);
  }
  /// Of a durable queue: the message is about to be pushed.
  void note_pushed(const Message& message) {
    if (rule_.covers(message)) count_persistent(message);
  }
  /// Of a durable queue: these were there before the restart.
  void note_restored(const RestoredRun& run);
  /// Before a delivery that is to be acknowledged.
  void advance_watermark(Sequence sequence) {
    if (rule_.is_durable) advance_durable_watermark(sequence);
  }
  /// Says the delivery watermarks again, which the message log gave up.
  void repeat_watermarks();
  /// The queue goes, with all it holds: takes messages out as long as the budget lasts, each takes
  /// its discard_cost(). Nothing need be settled. Returns true if there are more.
  [[nodiscard]] bool drop_next(std::size_t& budget);
  /// Where the record of the message at `sequence` lies; nothing if it has none, or is gone.
  std::optional<LocatedRecord> find(Sequence sequence) const;

 private:
  void note_taken(Sequence sequence, const Backlog::Taken& taken);
  void count_persistent(const Message& message);
  void advance_durable_watermark(Sequence sequence);

  QueueId queue_;
  RecordRule rule_;
  PriorityBacklog& backlog_;
  MessageLog& message_log_;
};

}  // namespace lepus::core
