// The service manager's watchdog, fed only while every shard makes turns: a shard that hangs stops
// the feeding, and the manager ends the process and starts it again.
//
//   shard:    Heart, a timer on its loop ── beat ──> Pulse (an atomic time)
//   control:  Watchdog, a timer ── looks at all pulses ── none too old: alive
//
// The control thread needs no pulse: when it hangs, its timer does not fire.
#pragma once

#include <atomic>
#include <deque>
#include <string>

#include "core/base/log.h"
#include "core/base/time.h"
#include "io/loop.h"
#include "tools/server/service/service_manager.h"

namespace lepus::server {

/// The last sign of life of one thread.
class Pulse {
 public:
  Pulse(std::string thread, core::Nanos now) : thread_(std::move(thread)), beat_at_(now) {}
  Pulse(const Pulse&) = delete;
  Pulse& operator=(const Pulse&) = delete;

  /// The thread's.
  void beat(core::Nanos now) { beat_at_.store(now, std::memory_order_relaxed); }
  /// The thread ends properly: nothing is expected of it any more.
  void end() { beat(core::never); }

  /// Any thread.
  core::Nanos beat_at() const { return beat_at_.load(std::memory_order_relaxed); }
  const std::string& thread() const { return thread_; }

 private:
  const std::string thread_;
  std::atomic<core::Nanos> beat_at_;
};

/// Lives in the thread that runs the loop, while it runs.
class Heart {
 public:
  /// Null: nobody waits for beats.
  Heart(io::Loop& loop, Pulse* pulse, core::Nanos watchdog);
  ~Heart();
  Heart(const Heart&) = delete;
  Heart& operator=(const Heart&) = delete;

 private:
  void on_timer(io::Timer& timer);

  io::Loop& loop_;
  Pulse* pulse_;
  core::Nanos interval_;
  io::Timer timer_;
};

/// The control thread's.
class Watchdog {
 public:
  /// All outlive it. Without a watchdog of the manager's it does nothing.
  Watchdog(io::Loop& loop, const ServiceManager& manager, core::Log& log)
      : loop_(loop), manager_(manager), log_(log) {
    timer_.bind<&Watchdog::on_timer>(this);
  }
  ~Watchdog() { loop_.timers().cancel(timer_); }
  Watchdog(const Watchdog&) = delete;
  Watchdog& operator=(const Watchdog&) = delete;

  /// Before start(). Null when there is no watchdog.
  Pulse* add(std::string thread);
  void start();

 private:
  void on_timer(io::Timer& timer);
  const Pulse* find_silent() const;

  io::Loop& loop_;
  const ServiceManager& manager_;
  core::Log& log_;
  std::deque<Pulse> pulses_;
  bool is_fed_ = true;
  io::Timer timer_;
};

}  // namespace lepus::server
