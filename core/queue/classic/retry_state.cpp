// A heap by time, as for expiry; entries of messages that left meanwhile stay until their time.
#include "core/queue/classic/retry_state.h"

#include <algorithm>
#include <functional>

#include "core/base/assert.h"

namespace lepus::core {

void RetryState::delay(Sequence sequence, Nanos until) {
  const bool is_new = delayed_.insert(sequence).second;
  CHECK(is_new);
  heap_.push_back({until, sequence});
  std::push_heap(heap_.begin(), heap_.end(), std::greater<>{});
}

bool RetryState::take_due(Nanos now, Sequence& sequence) {
  while (!heap_.empty() && heap_.front().until <= now) {
    sequence = heap_.front().sequence;
    std::pop_heap(heap_.begin(), heap_.end(), std::greater<>{});
    heap_.pop_back();
    if (delayed_.erase(sequence) > 0) return true;
  }
  return false;
}

}  // namespace lepus::core
