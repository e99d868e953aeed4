// The one timer of a connection: its handshake, heartbeat or end, by phase. Arming it again moves
// it.
#pragma once

#include "core/base/time.h"
#include "io/loop.h"

namespace lepus::amqp {

class ConnectionTimer {
 public:
  /// The loop outlives this object.
  explicit ConnectionTimer(io::Loop& loop) : loop_(loop) {}
  ConnectionTimer(const ConnectionTimer&) = delete;
  ConnectionTimer& operator=(const ConnectionTimer&) = delete;
  ~ConnectionTimer() { cancel(); }

  /// Method: void (Owner::*)(io::Timer&).
  template <auto Method, class Owner>
  void bind(Owner* owner) {
    timer_.bind<Method>(owner);
  }
  void arm_at(core::Nanos deadline) { loop_.timers().arm(timer_, deadline); }
  /// core::never: not at all.
  void arm_after(core::Nanos wait) {
    if (wait != core::never) arm_at(loop_.now() + wait);
  }
  void cancel() { loop_.timers().cancel(timer_); }
  bool is_armed() const { return timer_.armed(); }

 private:
  io::Loop& loop_;
  io::Timer timer_;
};

}  // namespace lepus::amqp
