// epoll with nanosecond time-outs (epoll_pwait2), because a paced producer at 5 000 msg/s sleeps
// 200 µs at a time.
#include "tools/perf/client/event_loop.h"

#include <sys/epoll.h>
#include <sys/prctl.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>

#include "tools/perf/client/error.h"

namespace lepus::perf {

namespace {
constexpr uint64_t ns_per_s = 1000000000;
}

uint64_t now_ns() {
  timespec now{};
  clock_gettime(CLOCK_MONOTONIC, &now);
  return static_cast<uint64_t>(now.tv_sec) * ns_per_s + static_cast<uint64_t>(now.tv_nsec);
}

EventLoop::EventLoop(bool spin) : epoll_fd_(epoll_create1(EPOLL_CLOEXEC)), spin_(spin) {
  if (epoll_fd_ < 0) throw PerfError("cannot create an epoll descriptor, errno ", errno);
  prctl(PR_SET_TIMERSLACK, 1);  // the default of 50 µs would be most of a latency measurement
}

EventLoop::~EventLoop() { ::close(epoll_fd_); }

void EventLoop::watch(Endpoint& endpoint) {
  endpoint.loop_ = this;
  epoll_event event{};
  if (endpoint.fd() < 0) return activate(endpoint);
  event.events = EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET;
  event.data.ptr = &endpoint;
  if (epoll_ctl(epoll_fd_, EPOLL_CTL_ADD, endpoint.fd(), &event) != 0) {
    throw PerfError("cannot watch a socket with epoll, errno ", errno);
  }
  activate(endpoint);
}

void EventLoop::turn(uint64_t wait_ns_max) {
  const uint64_t now = now_ns();
  const uint64_t wake = run_active(now);
  const uint64_t wait = spin_ || wake == 0 ? 0 : wait_before(wake, wait_ns_max);
  const timespec timeout{static_cast<time_t>(wait / ns_per_s), static_cast<long>(wait % ns_per_s)};
  std::array<epoll_event, 256> events;
  const int count =
      epoll_pwait2(epoll_fd_, events.data(), static_cast<int>(events.size()), &timeout, nullptr);
  for (int index = 0; index < count; ++index) {
    const epoll_event& event = events[static_cast<size_t>(index)];
    Endpoint& endpoint = *static_cast<Endpoint*>(event.data.ptr);
    if ((event.events & ~static_cast<uint32_t>(EPOLLOUT)) != 0) endpoint.readable = true;
    if ((event.events & EPOLLOUT) != 0) endpoint.writable = true;
    activate(endpoint);
  }
}

// How long to sleep. The kernel wakes a sleeper tens of microseconds late, which would pass for the
// broker's latency, so the last stretch before a wake time is spent polling.
uint64_t EventLoop::wait_before(uint64_t wake, uint64_t wait_ns_max) {
  constexpr uint64_t oversleep_ns = 60000;
  if (wake == never) return wait_ns_max;
  const uint64_t now = now_ns();
  return wake <= now + oversleep_ns ? 0 : std::min(wake - now - oversleep_ns, wait_ns_max);
}

// Runs what is due, forgets what has nothing to do, returns the next wake time.
uint64_t EventLoop::run_active(uint64_t now) {
  uint64_t next = never;
  // run() may watch a replaced socket, which appends to active_; hence indices.
  for (size_t index = 0; index < active_.size();) {
    Endpoint& endpoint = *active_[index];
    if (endpoint.wake_ns() <= now) endpoint.run(now);
    const uint64_t wake = endpoint.wake_ns();
    if (wake == never) {
      endpoint.active_ = false;
      active_[index] = active_.back();
      active_.pop_back();
      continue;
    }
    next = std::min(next, wake);
    ++index;
  }
  return next;
}

void EventLoop::activate(Endpoint& endpoint) {
  if (endpoint.active_) return;
  endpoint.active_ = true;
  active_.push_back(&endpoint);
}

}  // namespace lepus::perf
