// Room first, then the record.
#include "persist/journal/record_appender.h"

#include <algorithm>

#include "core/base/assert.h"
#include "persist/journal/message_record.h"

namespace lepus::persist {

core::RecordLocation RecordAppender::append(const core::Message& message,
                                            std::uint32_t queue_count) {
  return append_with(make_head(message, clock_.now_ms(), 0), message, queue_count);
}

core::RecordLocation RecordAppender::append_as_of(const core::Message& message,
                                                  std::uint64_t enqueued_ms,
                                                  std::uint32_t queue_count) {
  return append_with(make_head(message, enqueued_ms, 0), message, queue_count);
}

core::RecordLocation RecordAppender::append_paged(const core::Message& message,
                                                  const core::QueuePosition& position) {
  const core::RecordLocation place =
      append_with(make_head(message, clock_.now_ms(), head_flag_paged), message, 1);
  enqueued(place, 0, position);
  return place;
}

core::RecordLocation RecordAppender::append_with(const MessageHead& head,
                                                 const core::Message& message,
                                                 std::uint32_t queue_count) {
  const std::uint64_t size = message_record_size(head, queue_count);
  CHECK(size <= UINT32_MAX);
  batches_.make_room(size);
  Batch& batch = batches_.open();
  const std::uint8_t* record = add_message_record(batch, head, queue_count, message);
  segments_.add_live(batch.segment(), size * queue_count);
  return {static_cast<std::uint32_t>(batch.segment()),
          static_cast<std::uint32_t>(batch.offset_of(record)), static_cast<std::uint32_t>(size)};
}

core::RecordLocation RecordAppender::move(const core::Message& message, const MessageHead& old,
                                          const core::RecordLocation& from,
                                          std::span<const core::QueuePosition> holders) {
  CHECK(!holders.empty());
  CHECK(from.segment < batches_.written_end().segment);
  const auto count = static_cast<std::uint32_t>(holders.size());
  // One that the disk has damaged must not keep the message for ever.
  const std::uint64_t enqueued_ms = std::min(old.enqueued_ms, clock_.now_ms());
  const core::RecordLocation place =
      append_with(make_head(message, enqueued_ms, old.flags & head_flag_paged), message, count);
  for (std::uint32_t i = 0; i < count; ++i) enqueued(place, i, holders[i]);
  counts_.journal_rewritten_bytes += place.size;
  segments_.remove_live(from.segment, std::uint64_t{from.size} * count);
  return place;
}

void RecordAppender::enqueued(const core::RecordLocation& place, std::uint32_t index,
                              const core::QueuePosition& position) {
  store_queue_ref(batches_.record_at(place), index, {position.queue.value, position.sequence});
}

void RecordAppender::settled(const core::RecordLocation& place,
                             const core::QueuePosition& position) {
  segments_.remove_live(place.segment, place.size);
  GatheredRecords& gathered = batches_.gathered();
  if (gathered.extend(position)) return;
  batches_.make_room(GatheredRecords::settle_size);
  gathered.add_settle(position);
}

void RecordAppender::delivery_watermark(const core::QueuePosition& below) {
  batches_.make_room(GatheredRecords::watermark_size);
  batches_.gathered().add_watermark(below);
}

void RecordAppender::append_tombstone(const SequenceRange& range) {
  CHECK(range.first <= range.last);
  batches_.make_room(GatheredRecords::settle_size);
  batches_.gathered().add_range(range);
}

}  // namespace lepus::persist
