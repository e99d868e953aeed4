// The handshakes of one shard that wait for their next step. A step may cost a millisecond: a
// signature, the check of a certificate. So a turn makes limits::tls_steps_per_turn of them, in the
// order they were asked for, and what else the turn does is late by no more than that.
#pragma once

#include "core/base/intrusive_list.h"

namespace lepus::net {

/// Base of streams in the queue. Must leave it before it is destroyed.
class HandshakeStep : public core::ListNode<HandshakeStep> {
 public:
  /// It is this one's turn; it has left the queue.
  virtual void take_step() = 0;

 protected:
  ~HandshakeStep() = default;
};

class HandshakeQueue {
 public:
  /// Stays where it is when it waits already.
  void add(HandshakeStep& step) {
    if (!step.linked()) waiting_.push_back(step);
  }
  void remove(HandshakeStep& step) {
    if (step.linked()) waiting_.remove(step);
  }
  bool has_work() const { return !waiting_.empty(); }
  /// Once a turn, before the journal's batch and the sends: a step may bring input.
  void work();

 private:
  core::IntrusiveList<HandshakeStep> waiting_;
};

}  // namespace lepus::net
