// The sending end of a ring between two threads (io/mailbox.h). Used by the sending thread.
#pragma once

#include <deque>
#include <utility>

#include "io/loop.h"
#include "io/mailbox.h"
#include "io/waker.h"

namespace lepus::server {

/// The sending end of one ring, with what did not fit.
template <class Command>
class RingSender {
 public:
  /// `own` is the loop of the sending thread.
  RingSender(io::SpscRing<Command>& ring, io::Loop& own) : ring_(ring), waker_(own) {}

  /// A command, or one of its alternatives, which is then made in the ring.
  template <class Kind>
  void send(Kind&& command) {
    has_news_ = true;
    if (staged_.empty() && ring_.try_push(std::forward<Kind>(command))) return;
    staged_.emplace_back(std::forward<Kind>(command));
  }
  /// Returns true if something moved from the staged ones into the ring.
  bool push_staged() {
    bool moved = false;
    for (; !staged_.empty() && ring_.try_push(std::move(staged_.front())); staged_.pop_front())
      has_news_ = moved = true;
    return moved;
  }
  bool has_staged() const { return !staged_.empty(); }
  /// Something was sent since the last wake().
  bool has_news() const { return has_news_; }
  /// Wakes the receiver if it sleeps and something was sent since the last call.
  void wake(io::Loop& receiver) {
    if (std::exchange(has_news_, false)) waker_.wake_if_asleep(receiver);
  }

 private:
  io::SpscRing<Command>& ring_;
  std::deque<Command> staged_;
  bool has_news_ = false;
  io::Waker waker_;
};

}  // namespace lepus::server
