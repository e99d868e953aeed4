// Signals as events of a loop: blocked in all threads, read from a signalfd that the loop polls.
//
//   main, before any thread: block_signals({SIGTERM, ...});  control thread: SignalSource
//   source(loop, ...); start()
#pragma once

#include <initializer_list>
#include <string>

#include "io/loop.h"

namespace lepus::io {

/// Blocks them for the calling thread and all threads it starts later. Also ignores SIGPIPE.
void block_signals(std::initializer_list<int> signals);

class SignalSource {
 public:
  /// Method: void (Owner::*)(int signal); called once per signal that arrived.
  template <auto Method, class Owner>
  void bind(Owner* object) {
    owner_ = object;
    arrived_ = [](void* self, int signal) { (static_cast<Owner*>(self)->*Method)(signal); };
  }

  SignalSource(Loop& loop, std::initializer_list<int> signals);
  SignalSource(const SignalSource&) = delete;
  SignalSource& operator=(const SignalSource&) = delete;
  /// After stop(), once the loop ran until nothing of it is in flight; or never started.
  ~SignalSource();

  void start();
  void stop();
  bool is_stopped() const { return !poll_.in_flight && !cancel_.in_flight; }

 private:
  void on_poll(Op& op, const Completion& completion);
  void on_cancel(Op& op, const Completion& completion);
  void read_all();

  Loop& loop_;
  int fd_ = -1;
  bool wanted_ = false;
  Op poll_;
  Op cancel_;
  void* owner_ = nullptr;
  void (*arrived_)(void* owner, int signal) = nullptr;
};

}  // namespace lepus::io
