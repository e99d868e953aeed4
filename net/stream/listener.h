// Accepts connections of one listening socket as streams.
//
//   listening --(multishot accept)--> on_accept(stream) ...     out of descriptors: pause, then
//   again listening --stop()--> stopping: accept comes back, fd closed --> on_listener_closed()
//
// One op is always enough: the kernel goes on accepting until it runs into an error. A connection
// that came in while the listener stops is still handed to the acceptor, which closes it like any
// other. With a reserve of descriptors it is one connection at a time when a burst might use it up,
// and none while all others are in use: those that wait do so in the kernel's backlog.
//
// A unix socket is the same for all shards, and the kernel wakes the one whose accept has waited
// longest: each takes one at a time, and so all have their turn.
#pragma once

#include "io/loop.h"
#include "net/stream/stream.h"
#include "net/stream/stream_set.h"

namespace lepus::net {

class Listener {
 public:
  /// Owns its socket (io::listen_tcp, io::listen_unix). `acceptor` outlives on_listener_closed().
  Listener(StreamSet& set, Listening listening, Acceptor& acceptor);
  Listener(const Listener&) = delete;
  Listener& operator=(const Listener&) = delete;
  /// After on_listener_closed(); or never started, then the fd is the caller's again.
  ~Listener();

  /// No connection gets a descriptor of this number or above; 0 is no limit. Before start().
  void set_descriptor_max(int max) { descriptor_max_ = max; }
  void start();
  void stop();
  bool is_closed() const { return state_ == State::closed; }
  /// A connection closed: if descriptors were short, there is one now.
  void retry();
  /// Stops taking new connections without closing (memory or descriptor alarms); they wait in the
  /// kernel's backlog.
  void pause();
  void resume();

 private:
  enum class State : std::uint8_t { fresh, listening, stopping, closed };

  void on_accept(io::Op& op, const io::Completion& completion);
  void on_control(io::Op& op, const io::Completion& completion);
  bool is_near_max(int fd) const;
  bool takes_one_at_a_time() const { return is_near_max_ || identity_.is_unix; }
  void on_retry_timer(io::Timer& timer);
  void wait(int error_code);
  void start_accept();
  void start_control(io::OpKind kind, io::Op* target = nullptr);
  void pump();

  StreamSet& set_;
  Acceptor& acceptor_;
  const ListenerIdentity identity_;
  State state_ = State::fresh;
  bool paused_ = false;
  bool is_near_max_ = false;  ///< A burst of connections might use up the reserve.
  int descriptor_max_ = 0;
  io::Op accept_;
  io::Op control_;
  io::Timer retry_timer_;
};

}  // namespace lepus::net
