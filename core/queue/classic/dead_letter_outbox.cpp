// The line and what is on its way.
#include "core/queue/classic/dead_letter_outbox.h"

#include "core/base/assert.h"

namespace lepus::core {

DeadLetterOutbox::Given DeadLetterOutbox::take_next() {
  CHECK(!pending_.empty());
  const Given next = pending_.front();
  pending_.pop_front();
  return next;
}

void DeadLetterOutbox::retry_at(Sequence sequence, Nanos until) {
  CHECK(is_in_flight(sequence));
  pending_.push_back({sequence, in_flight_.at(sequence)});
  in_flight_.erase(sequence);
  paused_until_ = until;
}

}  // namespace lepus::core
