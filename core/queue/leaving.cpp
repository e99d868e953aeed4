// The line and what is on its way.
#include "core/queue/leaving.h"

#include "core/base/assert.h"

namespace lepus::core {

Leaving::Given Leaving::take_next() {
  CHECK(!line_.empty());
  const Given next = line_.front();
  line_.pop_front();
  return next;
}

void Leaving::put_back(Sequence sequence, Nanos until) {
  CHECK(is_under_way(sequence));
  line_.push_back({sequence, under_way_.at(sequence)});
  under_way_.erase(sequence);
  rests_until_ = until;
}

}  // namespace lepus::core
