// The messages at the end of a segment, so far, that are neighbours and alike: one entry of its
// index, which is not written before a record comes that does not go on with them.
#pragma once

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <span>
#include <vector>

#include "persist/journal/index/index_queues.h"
#include "persist/journal/index/record_summary.h"

namespace lepus::persist {

class MessageRun {
 public:
  bool is_empty() const { return first_.count == 0; }
  /// The first message, with how many there are, and with the flags of the last one, too.
  const RecordSummary& first() const { return first_; }
  std::span<const QueueRef> queues() const { return queues_; }  ///< Of the first message.

  void begin(const RecordSummary& message) {
    CHECK(is_empty());
    CHECK(message.type == RecordType::message);
    first_ = message;
    queues_.assign(message.queues.begin(), message.queues.end());
    first_.queues = {};
    is_single_ = queues_.size() == 1;
  }
  void extend(std::uint32_t count, std::uint8_t flags) {
    first_.count += count;
    first_.flags |= flags & flag_batch_last;
  }
  bool ends_batch() const { return (first_.flags & flag_batch_last) != 0; }
  void forget() {
    first_.count = 0;
    is_single_ = false;
  }

  /// Whether a record in memory, behind the run, is one more of it. Only for one queue.
  bool goes_on_with(const RecordHeader& header, const std::uint8_t* record) const {
    if (!is_single_ || header.type != RecordType::message || header.count != 1) return false;
    if (header.length != first_.place.size || (header.flags & flag_batch_first) != 0) return false;
    MessageHead head;
    std::memcpy(&head, record + sizeof header, sizeof head);
    QueueRef ref;
    std::memcpy(&ref, record + sizeof header + sizeof head, sizeof ref);
    return head.enqueued_ms == first_.enqueued_ms && head.body_size == first_.body_size &&
           head.ttl_ms == first_.ttl_ms &&
           ((head.flags & head_flag_paged) != 0) == first_.was_paged && is_next(ref, queues_[0]) &&
           first_.count < UINT32_MAX;
  }
  /// Whether the record, behind the run, belongs to it.
  bool goes_on_with(const RecordSummary& record) const {
    if (is_empty() || record.type != RecordType::message) return false;
    return record.place.size == first_.place.size && (record.flags & flag_batch_first) == 0 &&
           record.enqueued_ms == first_.enqueued_ms && record.body_size == first_.body_size &&
           record.ttl_ms == first_.ttl_ms && record.was_paged == first_.was_paged &&
           first_.count <= UINT32_MAX - record.count &&
           std::equal(
               record.queues.begin(), record.queues.end(), queues_.begin(), queues_.end(),
               [this](const QueueRef& ref, const QueueRef& first) { return is_next(ref, first); });
  }
  std::uint64_t memory_bytes() const { return queues_.capacity() * sizeof(QueueRef); }

 private:
  bool is_next(const QueueRef& ref, const QueueRef& first) const {
    return ref.queue == first.queue && ref.sequence == first.sequence + first_.count &&
           IndexQueue::level_of(ref.sequence) == IndexQueue::level_of(first.sequence);
  }

  RecordSummary first_{.count = 0};
  std::vector<QueueRef> queues_;
  bool is_single_ = false;  ///< There is a run, and its messages are for one queue.
};

}  // namespace lepus::persist
