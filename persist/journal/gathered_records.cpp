// One record for all ranges, one for all watermarks.
#include "persist/journal/gathered_records.h"

#include <cstring>

#include "core/base/assert.h"

namespace lepus::persist {

bool GatheredRecords::extend_of_queue(const core::QueuePosition& settled) {
  const auto last = last_range_.find(settled.queue.value);
  if (last == last_range_.end() || !follows(ranges_[last->second], settled)) return false;
  ranges_[last->second].last = settled.sequence;
  return true;
}

void GatheredRecords::add_settle(const core::QueuePosition& settled) {
  last_range_[settled.queue.value] = static_cast<std::uint32_t>(ranges_.size());
  ranges_.push_back({settled.queue.value, settled.sequence, settled.sequence});
}

template <class Item>
void GatheredRecords::write_list(Batch& batch, RecordType type, std::vector<Item>& items) {
  if (items.empty()) return;
  std::uint8_t* record =
      batch.add(type, static_cast<std::uint32_t>(items.size()), list_size(items));
  std::memcpy(record + sizeof(RecordHeader), items.data(), items.size() * sizeof(Item));
  items.clear();
}

void GatheredRecords::write_to(Batch& batch) {
  CHECK(!batch.is_closed());
  write_list(batch, RecordType::settle, ranges_);
  last_range_.clear();
  write_list(batch, RecordType::delivered, watermarks_);
}

}  // namespace lepus::persist
