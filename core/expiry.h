// When messages of one queue expire: a min-heap of (deadline, sequence), exact for every position
// in the queue, not only for its head. Queues without any TTL own no memory here. An entry whose
// message is gone when its time comes is skipped; one that is unacked then is remembered, and
// expires when it returns to the queue.
#pragma once

#include <cstdint>
#include <vector>

#include <boost/unordered/unordered_flat_set.hpp>

#include "core/backlog.h"
#include "core/base/time.h"

namespace lepus::core {

class Expiry {
 public:
  void add(Nanos deadline, Sequence sequence);
  /// core::never when nothing can expire.
  Nanos next_deadline() const { return heap_.empty() ? never : heap_.front().deadline; }
  /// The next one that is due, taken out; false when none is.
  bool take_due(Nanos now, Sequence& sequence);

  /// Its time came while it was unacked.
  void note_overdue(Sequence sequence) { overdue_.insert(sequence); }
  /// True once for each overdue sequence.
  bool take_overdue(Sequence sequence) { return overdue_.erase(sequence) > 0; }
  /// An unacked message is settled: it will not return.
  void forget_overdue(Sequence sequence) {
    if (!overdue_.empty()) overdue_.erase(sequence);
  }

 private:
  struct Entry {
    Nanos deadline;
    Sequence sequence;
    bool operator>(const Entry& other) const {
      return deadline != other.deadline ? deadline > other.deadline : sequence > other.sequence;
    }
  };
  std::vector<Entry> heap_;
  boost::unordered_flat_set<Sequence> overdue_;
};

}  // namespace lepus::core
