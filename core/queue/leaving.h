// Messages that a queue gave up and that stay in it until they are elsewhere: dropped by a rule, on
// their way to where dead letters go. They count no more; a restart finds them where they were.
//
//   let_go -> line -> [cold: asked for] -> sent -> every queue has it -> gone
//              ^---- refused, where that matters: the line rests for a while
//
// Nothing goes out while the queue is at work: the broker empties the line at the end of the step.
// Queues that never gave up a message to somebody own nothing of this.
#pragma once

#include <cstdint>
#include <deque>

#include <boost/unordered/unordered_flat_map.hpp>

#include "core/base/assert.h"
#include "core/base/time.h"
#include "core/limits.h"
#include "core/queue/backlog.h"
#include "core/queue/dead_letter.h"

namespace lepus::core {

class Leaving {
 public:
  struct Given {
    Sequence sequence;
    DeathReason reason;
  };

  /// It left the line and is not elsewhere yet.
  bool is_under_way(Sequence sequence) const { return under_way_.contains(sequence); }
  /// Of one that is under way.
  DeathReason reason(Sequence sequence) const { return under_way_.at(sequence); }
  /// Somebody waits who may go, once the line does not rest.
  bool may_send(Nanos now) const {
    return !line_.empty() && now >= rests_until_ && under_way_.size() < limits::leaving_max;
  }

  /// At the end of the line.
  void add(Sequence sequence, DeathReason reason) { line_.push_back({sequence, reason}); }
  /// The first of the line, taken out of it; may_send() is true. It may be gone meanwhile.
  Given take_next();
  /// It is on its way, or read from disk to be.
  void note_under_way(const Given& given) {
    CHECK(under_way_.emplace(given.sequence, given.reason).second);
  }
  /// Nobody took it: it is in line again, and the line rests until then.
  void put_back(Sequence sequence, Nanos until);
  /// It is gone.
  void forget(Sequence sequence) {
    if (!under_way_.empty()) under_way_.erase(sequence);
  }

  /// When the line goes on; core::never when it waits for nothing but what is on its way.
  Nanos next_deadline(Nanos now) const {
    return !line_.empty() && rests_until_ > now ? rests_until_ : never;
  }

 private:
  boost::unordered_flat_map<Sequence, DeathReason> under_way_;
  std::deque<Given> line_;
  Nanos rests_until_ = 0;
};

}  // namespace lepus::core
