// The line and what is on its way.
#include "core/leaving.h"

namespace lepus::core {

void Leaving::add(Sequence sequence, DeathReason reason) {
  CHECK(entries_.emplace(sequence, Entry{reason, false}).second);
  line_.push_back(sequence);
}

bool Leaving::take_next(Nanos now, Sequence& sequence) {
  while (!line_.empty() && now >= rests_until_ && under_way_ < limits::leaving_max) {
    sequence = line_.front();
    line_.pop_front();
    const auto found = entries_.find(sequence);
    if (found == entries_.end()) continue;
    CHECK(!found->second.is_under_way);
    found->second.is_under_way = true;
    ++under_way_;
    return true;
  }
  return false;
}

void Leaving::add_sent(Sequence sequence, DeathReason reason) {
  CHECK(entries_.emplace(sequence, Entry{reason, true}).second);
  ++under_way_;
}

void Leaving::put_back(Sequence sequence, Nanos until) {
  Entry& entry = entries_.at(sequence);
  CHECK(entry.is_under_way);
  entry.is_under_way = false;
  --under_way_;
  line_.push_back(sequence);
  rests_until_ = until;
}

void Leaving::forget(Sequence sequence) {
  const auto found = entries_.find(sequence);
  if (found == entries_.end()) return;
  if (found->second.is_under_way) --under_way_;
  entries_.erase(found);
}

}  // namespace lepus::core
