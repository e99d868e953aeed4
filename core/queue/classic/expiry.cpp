// Two lines of deadlines; the earlier of their heads is due first.
#include "core/queue/classic/expiry.h"

#include <algorithm>
#include <functional>

#include "core/limits.h"

namespace lepus::core {

void Expiry::add(Nanos deadline, Sequence sequence) {
  heap_.push_back({deadline, sequence});
  std::push_heap(heap_.begin(), heap_.end(), std::greater<>{});
}

void Expiry::sort_arrivals() {
  std::stable_sort(arrivals_.begin(), arrivals_.end(),
                   [](const Arrival& left, const Arrival& right) { return left.at < right.at; });
}

void Expiry::set_ttl(std::optional<Nanos> ttl) {
  ttl_ = ttl;
  if (!ttl_) arrivals_ = {};
}

Nanos Expiry::next_deadline() const {
  return std::min(heap_.empty() ? never : heap_.front().deadline, next_arrival_deadline());
}

void Expiry::forget_gone(const PriorityBacklog& messages) {
  const auto is_gone = [&](const auto& entry) {
    return messages.state(entry.sequence) == Slot::State::gone;
  };
  for (int i = 0; i < 2; ++i) {
    if (!arrivals_.empty() && is_gone(arrivals_.front())) arrivals_.pop_front();
    if (heap_.empty() || !is_gone(heap_.front())) continue;
    std::pop_heap(heap_.begin(), heap_.end(), std::greater<>{});
    heap_.pop_back();
  }
  if (heap_.empty() && heap_.capacity() > limits::expiry_entries_min) heap_ = {};
  if (entry_count() <= limits::expiry_entries_min) return;
  const std::uint64_t live_count = messages.resident_count() + messages.counts().evicted;
  const std::uint64_t entries_max = 2 * live_count + limits::expiry_entries_min;
  if (arrivals_.size() > entries_max) std::erase_if(arrivals_, is_gone);
  if (heap_.size() <= entries_max) return;
  std::erase_if(heap_, is_gone);
  std::make_heap(heap_.begin(), heap_.end(), std::greater<>{});
}

bool Expiry::take_due(Nanos now, Sequence& sequence) {
  if (next_deadline() > now) return false;
  if (next_arrival_deadline() == next_deadline()) {
    sequence = arrivals_.front().sequence;
    arrivals_.pop_front();
    return true;
  }
  sequence = heap_.front().sequence;
  std::pop_heap(heap_.begin(), heap_.end(), std::greater<>{});
  heap_.pop_back();
  return true;
}

}  // namespace lepus::core
