// An event that any thread may send to a loop that may be asleep in the kernel: for threads that
// have no ring of their own, whose work may block (SQLite). Threads with a loop use io/waker.h.
//
//   other thread: notify() -> eventfd -> poll of the loop -> the bound method, on the loop's thread
//
// Several notifications may come as one.
#pragma once

#include "io/loop.h"

namespace lepus::io {

class ThreadEvent {
 public:
  explicit ThreadEvent(Loop& loop);
  ThreadEvent(const ThreadEvent&) = delete;
  ThreadEvent& operator=(const ThreadEvent&) = delete;
  /// After stop(), once the loop ran until nothing of it is in flight; or never started.
  ~ThreadEvent();

  /// Method: void (Owner::*)().
  template <auto Method, class Owner>
  void bind(Owner* object) {
    owner_ = object;
    notified_ = [](void* self) { (static_cast<Owner*>(self)->*Method)(); };
  }
  void start();
  void stop();
  /// Any thread, from before start() until this is destroyed.
  void notify();

 private:
  void on_poll(Op& op, const Completion& completion);
  void on_cancel(Op& op, const Completion& completion);

  Loop& loop_;
  int fd_ = -1;
  bool is_wanted_ = false;
  Op poll_;
  Op cancel_;
  void* owner_ = nullptr;
  void (*notified_)(void* owner) = nullptr;
};

}  // namespace lepus::io
