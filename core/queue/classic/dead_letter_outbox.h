// Messages that a queue gave up and that stay in it until they are elsewhere: dropped by a rule, on
// their way to where dead letters go. They count no more; a restart finds them where they were.
//
//   discard -> pending -> [evicted: asked for] -> in flight -> every queue has it -> gone
//              ^---- refused, where that matters: nothing goes out for a while
//
// Nothing goes out while the queue is at work: the broker empties the line at the end of the step.
// Queues that never gave up a message to somebody own nothing of this.
#pragma once

#include <cstdint>
#include <deque>

#include <boost/unordered/unordered_flat_map.hpp>

#include "core/base/assert.h"
#include "core/base/ids.h"
#include "core/base/time.h"
#include "core/limits.h"
#include "core/queue/dead_letter.h"

namespace lepus::core {

class DeadLetterOutbox {
 public:
  struct Given {
    Sequence sequence;
    DeathReason reason;
  };

  /// In line.
  std::size_t pending_count() const { return pending_.size(); }
  /// It left the line and is not elsewhere yet.
  bool is_in_flight(Sequence sequence) const { return in_flight_.contains(sequence); }
  /// Of one that is under way.
  DeathReason reason(Sequence sequence) const { return in_flight_.at(sequence); }
  /// Somebody waits who may go, once the line does not rest.
  bool can_forward(Nanos now) const {
    return !pending_.empty() && now >= paused_until_ && in_flight_.size() < limits::leaving_max;
  }

  /// At the end of the line.
  void add(Sequence sequence, DeathReason reason) { pending_.push_back({sequence, reason}); }
  /// The first of the line, taken out of it; can_forward() is true. It may be gone meanwhile.
  Given take_next();
  /// It is on its way, or read from disk to be.
  void note_in_flight(const Given& given) {
    CHECK(in_flight_.emplace(given.sequence, given.reason).second);
  }
  /// Nobody took it: it is in line again, and the line rests until then.
  void retry_at(Sequence sequence, Nanos until);
  /// It is gone.
  void forget(Sequence sequence) {
    if (!in_flight_.empty()) in_flight_.erase(sequence);
  }

  /// When the line goes on; core::never when it waits for nothing but what is on its way.
  Nanos next_deadline(Nanos now) const {
    return !pending_.empty() && paused_until_ > now ? paused_until_ : never;
  }

 private:
  boost::unordered_flat_map<Sequence, DeathReason> in_flight_;
  std::deque<Given> pending_;
  Nanos paused_until_ = 0;
};

}  // namespace lepus::core
