// Wakes one other loop when it sleeps: the producer's half of io/wakeup.h as an object, one per
// pair of loops.
//
//   after the last push of this turn:  waker.wake_if_asleep(other_loop)
//
// One op is enough. If the op of an earlier wake has not come back yet, the wake is sent when it
// has: the claim was taken, so nobody else will send it.
#pragma once

#include "io/loop.h"

namespace lepus::io {

class Waker {
 public:
  explicit Waker(Loop& own) : own_(own) {
    op_.kind = OpKind::wake;
    op_.bind<&Waker::on_done>(this);
  }
  Waker(const Waker&) = delete;
  Waker& operator=(const Waker&) = delete;

  /// On the thread of the own loop. Always the same `other`.
  void wake_if_asleep(Loop& other) {
    if (!other.sleep_flag().claim_wake()) return;
    if (op_.in_flight) {
      again_ = true;
      return;
    }
    op_.fd = other.wake_target();
    own_.submit(op_);
  }
  std::uint64_t wake_count() const { return wake_count_; }

 private:
  void on_done(Op&, const Completion&) {
    // A failure means that the other loop's ring is full (it is awake) or gone (it has ended):
    // nothing to do.
    ++wake_count_;
    if (!again_) return;
    again_ = false;
    own_.submit(op_);
  }

  Loop& own_;
  Op op_;
  bool again_ = false;
  std::uint64_t wake_count_ = 0;
};

}  // namespace lepus::io
