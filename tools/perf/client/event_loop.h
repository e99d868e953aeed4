// A small epoll loop for the generator. Sockets are watched edge-triggered; an endpoint keeps its
// own flags of what its socket can do and runs a bounded step at a time.
//
//   turn:  run every active endpoint whose wake time has come
//          → wait for events, not at all while an endpoint has work left
//          → note the events; the endpoints concerned run in the next turn
//
// Before a wake time it polls instead of sleeping on, because sleepers are woken late. An endpoint
// is active while wake_ns() is not `never`. Single-threaded: the thread that calls turn() owns all.
#pragma once

#include <cstdint>
#include <limits>
#include <vector>

namespace lepus::perf {

constexpr uint64_t never = std::numeric_limits<uint64_t>::max();

// CLOCK_MONOTONIC in nanoseconds.
uint64_t now_ns();

class EventLoop;

class Endpoint {
 public:
  virtual ~Endpoint() = default;
  virtual int fd() const = 0;
  // Does a bounded amount of work.
  virtual void run(uint64_t now) = 0;
  // When run() has something to do without a further socket event: 0 = at once, or a time, or
  // `never`.
  virtual uint64_t wake_ns() const = 0;

  // Set by the loop, cleared by the endpoint when the socket is drained or full.
  bool readable = true;
  bool writable = true;

 protected:
  // The loop that watches this endpoint.
  EventLoop* loop() const { return loop_; }

 private:
  friend class EventLoop;
  EventLoop* loop_ = nullptr;
  bool active_ = false;
};

class EventLoop {
 public:
  explicit EventLoop(bool spin);
  EventLoop(const EventLoop&) = delete;
  EventLoop& operator=(const EventLoop&) = delete;
  ~EventLoop();

  // The endpoint must outlive the loop's last turn. Call again after the endpoint's socket was
  // replaced. One without a socket yet (fd() < 0) runs by its wake time alone, and must have one.
  void watch(Endpoint& endpoint);
  // Has the endpoint looked at in the next turn, since something was done to it from outside.
  void wake(Endpoint& endpoint) { activate(endpoint); }
  // One turn; waits for at most `wait_ns_max` when there is nothing to do.
  void turn(uint64_t wait_ns_max);

 private:
  uint64_t run_active(uint64_t now);
  static uint64_t wait_before(uint64_t wake, uint64_t wait_ns_max);
  void activate(Endpoint& endpoint);

  int epoll_fd_;
  bool spin_;
  std::vector<Endpoint*> active_;
};

}  // namespace lepus::perf
