// Settles and delivery watermarks of the open batch, gathered until its end and written there: as
// ranges, so a consumer that acknowledges in order costs one range a batch, and each behind the
// message it is about.
#pragma once

#include <cstdint>
#include <vector>

#include <boost/unordered/unordered_flat_map.hpp>

#include "core/broker/ports.h"
#include "persist/journal/batch.h"

namespace lepus::persist {

class GatheredRecords {
 public:
  /// A range takes in what was settled right behind it: the last one, or the last of its queue.
  /// Returns false when there is none; then there must be room for add_settle().
  bool extend(const core::QueuePosition& settled) {
    if (ranges_.empty() || !follows(ranges_.back(), settled)) return extend_of_queue(settled);
    ranges_.back().last = settled.sequence;
    return true;
  }
  void add_settle(const core::QueuePosition& settled);
  /// All these positions are dead.
  void add_range(const SequenceRange& range) { ranges_.push_back(range); }
  void add_watermark(const core::QueuePosition& below) {
    watermarks_.push_back({below.queue.value, below.sequence});
  }

  bool is_empty() const { return ranges_.empty() && watermarks_.empty(); }
  /// Of their records, bytes.
  std::uint64_t size() const { return list_size(ranges_) + list_size(watermarks_); }
  /// Writes the records and is empty.
  void write_to(Batch& batch);
  std::uint64_t memory_bytes() const { return ranges_.capacity() * sizeof(SequenceRange); }

  /// What one more settle or watermark needs, bytes.
  static constexpr std::uint64_t settle_size = sizeof(SequenceRange) + sizeof(RecordHeader);
  static constexpr std::uint64_t watermark_size = sizeof(QueueRef) + sizeof(RecordHeader);

 private:
  /// What was settled comes right behind the range.
  static bool follows(const SequenceRange& range, const core::QueuePosition& settled) {
    return range.queue == settled.queue.value && range.last + 1 == settled.sequence;
  }
  bool extend_of_queue(const core::QueuePosition& settled);
  template <class Item>
  static std::uint64_t list_size(const std::vector<Item>& items) {
    return items.empty() ? 0 : sizeof(RecordHeader) + items.size() * sizeof(Item);
  }
  template <class Item>
  static void write_list(Batch& batch, RecordType type, std::vector<Item>& items);

  std::vector<SequenceRange> ranges_;
  boost::unordered_flat_map<std::uint64_t, std::uint32_t> last_range_;  ///< By queue.
  std::vector<QueueRef> watermarks_;
};

}  // namespace lepus::persist
