// The messages of a classic or quorum queue: the rules about them (QueueState) and their records
// (QueueRecords), which change together when a message goes out or leaves.
#pragma once

#include <utility>

#include "core/queue/classic/delivery.h"
#include "core/queue/classic/queue_state.h"
#include "core/queue/queue.h"
#include "core/queue/queue_records.h"
#include "core/queue/queue_timer.h"
#include "core/queue/record_rule.h"
#include "core/topology/topology.h"

namespace lepus::core {

class QueueMessages {
 public:
  /// `info` and the message log outlive this object.
  QueueMessages(const QueueInfo& info, const RecordRule& rule, MessageLog& message_log)
      : state_(info), records_(info.id, rule, state_.messages(), message_log) {}
  QueueMessages(const QueueMessages&) = delete;
  QueueMessages& operator=(const QueueMessages&) = delete;

  QueueState& state() { return state_; }
  const QueueState& state() const { return state_; }
  QueueRecords& records() { return records_; }
  const QueueRecords& records() const { return records_; }
  PriorityBacklog& backlog() { return state_.messages(); }
  const PriorityBacklog& backlog() const { return state_.messages(); }
  std::uint64_t ready_count() const { return backlog().ready_count(); }

  /// The message leaves the queue for good. Returns null if it was on disk only.
  MessageRef take(Sequence sequence) {
    MessageRef message = records_.take(sequence);
    state_.forget(sequence);
    return message;
  }
  /// The head goes out: for good, or until it is settled. It is in memory. Inlined, or the call
  /// costs half as much as what it does.
  [[gnu::always_inline]] Delivery::Outgoing send_head(const Backlog::Ready& head, bool no_ack) {
    Delivery::Outgoing out{head.sequence,
                           head.redelivered,
                           head.redelivered ? state_.delivery_count(head.sequence) : 0,
                           {}};
    if (head.redelivered) ++backlog().tally->counts[MessageEvent::redeliver];
    if (no_ack) {
      out.message = take(head.sequence);
    } else {
      records_.advance_watermark(head.sequence);
      backlog().deliver(head.sequence);
      out.message = MessageRef::share(head.message);
    }
    return out;
  }

 private:
  QueueState state_;
  QueueRecords records_;
};

/// What the parts of a queue share; all of it outlives them.
struct QueueContext {
  Queue& queue;
  const QueueInfo& info;
  QueueHost& host;
  QueueMessages& messages;
  QueueTimer& timer;
};

}  // namespace lepus::core
