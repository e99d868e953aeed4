// Two lines of deadlines; the earlier of their heads is due first.
#include "core/queue/expiry.h"

#include <algorithm>
#include <functional>

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
