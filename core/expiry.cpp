// The heap of deadlines: a vector in heap order, given back when it runs empty.
#include "core/expiry.h"

#include <algorithm>
#include <functional>

namespace lepus::core {

void Expiry::add(Nanos deadline, Sequence sequence) {
  CHECK(deadline != never);
  heap_.push_back({deadline, sequence});
  std::push_heap(heap_.begin(), heap_.end(), std::greater<>{});
}

bool Expiry::take_due(Nanos now, Sequence& sequence) {
  if (heap_.empty() || heap_.front().deadline > now) return false;
  sequence = heap_.front().sequence;
  std::pop_heap(heap_.begin(), heap_.end(), std::greater<>{});
  heap_.pop_back();
  if (heap_.empty()) heap_ = {};
  return true;
}

}  // namespace lepus::core
