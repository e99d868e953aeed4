// Accepts connections of one listening socket as streams.
//
//   listening --(multishot accept)--> on_accept(stream) ...     out of descriptors: pause, then
//   again listening --stop()--> stopping: accept comes back, fd closed --> on_listener_closed()
//
// One op is always enough: the kernel goes on accepting until it runs into an error. A connection
// that came in while the listener stops is still handed to the acceptor, which closes it like any
// other.
#pragma once

#include "io/loop.h"
#include "net/stream/stream.h"
#include "net/stream/stream_set.h"

namespace lepus::net {

class Listener {
 public:
  /// After an error of the kind that does not pass by itself within the turn.
  static constexpr core::Nanos retry_ns = 100 * core::nanos_per_ms;

  /// Owns `fd`, a listening socket (io::listen_tcp). `acceptor` outlives on_listener_closed().
  Listener(StreamSet& set, int fd, Acceptor& acceptor);
  Listener(const Listener&) = delete;
  Listener& operator=(const Listener&) = delete;
  /// After on_listener_closed(); or never started, then the fd is the caller's again.
  ~Listener();

  void start();
  void stop();
  /// Stops taking new connections without closing (memory or descriptor alarms); they wait in the
  /// kernel's backlog.
  void pause();
  void resume();

 private:
  enum class State : std::uint8_t { fresh, listening, stopping, closed };

  void on_accept(io::Op& op, const io::Completion& completion);
  void on_control(io::Op& op, const io::Completion& completion);
  void on_retry_timer(io::Timer& timer);
  void pump();

  StreamSet& set_;
  Acceptor& acceptor_;
  State state_ = State::fresh;
  bool paused_ = false;
  io::Op accept_;
  io::Op control_;
  io::Timer retry_timer_;
};

}  // namespace lepus::net
