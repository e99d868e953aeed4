// What is recorded in a journal: each call adds to the open batch, or to what is gathered for its
// end, and counts what is live.
#pragma once

#include <cstdint>
#include <span>

#include "core/broker/ports.h"
#include "core/message/message.h"
#include "persist/journal/batch_queue.h"
#include "persist/journal/compaction/record_mover.h"
#include "persist/journal/record_clock.h"
#include "persist/journal/segments/segment_table.h"

namespace lepus::persist {

class RecordAppender final : public MoveTarget {
 public:
  /// All of them outlive it.
  RecordAppender(BatchQueue& batches, SegmentTable& segments, RecordClock& clock,
                 core::JournalCounts& counts)
      : batches_(batches), segments_(segments), clock_(clock), counts_(counts) {}

  // As in core::MessageLog.
  core::RecordLocation append(const core::Message& message, std::uint32_t queue_count);
  core::RecordLocation append_paged(const core::Message& message,
                                    const core::QueuePosition& position);
  void enqueued(const core::RecordLocation& place, std::uint32_t index,
                const core::QueuePosition& position);
  void settled(const core::RecordLocation& place, const core::QueuePosition& position);
  void dropped(const core::RecordLocation& place) {
    segments_.remove_live(place.segment, place.size);
  }
  void delivery_watermark(const core::QueuePosition& below);

  /// Appends a message that was enqueued at another time: it is moved, not new.
  core::RecordLocation append_as_of(const core::Message& message, std::uint64_t enqueued_ms,
                                    std::uint32_t queue_count);
  /// Records that whatever the journal held of the queue at these positions is dead. Their bytes do
  /// not count as live any more.
  void append_tombstone(const SequenceRange& range);
  core::RecordLocation move(const core::Message& message, const MessageHead& old,
                            const core::RecordLocation& from,
                            std::span<const core::QueuePosition> holders) override;

 private:
  core::RecordLocation append_with(const MessageHead& head, const core::Message& message,
                                   std::uint32_t queue_count);

  BatchQueue& batches_;
  SegmentTable& segments_;
  RecordClock& clock_;
  core::JournalCounts& counts_;
};

}  // namespace lepus::persist
