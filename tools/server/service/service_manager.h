// What the broker tells the program that started it, when that asked for it as systemd does with
// Type=notify: NOTIFY_SOCKET names a datagram socket, WATCHDOG_USEC says how often a sign of life
// is due (sd_notify(3), sd_watchdog_enabled(3)).
//
//   starting ── status, more time ──> ready ── reloading ──> ready ──> stopping
//                                       └── alive, alive, alive ...
//
// Without NOTIFY_SOCKET every call does nothing. All calls may come from any thread: a message is
// one datagram, and nothing here changes after open().
#pragma once

#include <sys/un.h>

#include <cstdint>
#include <string>
#include <string_view>

#include "core/base/time.h"

namespace lepus::server {

/// As the environment of a process says it; empty: not set.
struct ServiceEnvironment {
  std::string socket;        ///< NOTIFY_SOCKET: a path, or @ and an abstract name.
  std::string watchdog_us;   ///< WATCHDOG_USEC
  std::string watchdog_pid;  ///< WATCHDOG_PID: of whom the signs of life are due.
};

class ServiceManager {
 public:
  ServiceManager() = default;
  ~ServiceManager();
  ServiceManager(const ServiceManager&) = delete;
  ServiceManager& operator=(const ServiceManager&) = delete;

  /// Reads the variables and takes them away, so that no child of this process speaks for it.
  static ServiceEnvironment take_environment();
  /// At most once. Empty, or why nobody is told anything: the broker does without.
  [[nodiscard]] std::string open(const ServiceEnvironment& environment);

  bool is_open() const { return fd_ >= 0; }
  /// A sign of life is due within this time; 0: nobody waits for one.
  core::Nanos watchdog() const { return watchdog_; }

  /// A line for people.
  void status(std::string_view text) const;
  /// A start takes long, but goes on.
  void extend_start(std::string_view text) const;
  /// The start, or a reload, is done.
  void ready(std::string_view text) const;
  /// `now` is monotonic.
  void reloading(core::Nanos now) const;
  void stopping(std::string_view text) const;
  void alive() const;

 private:
  enum class Delivery : std::uint8_t {
    at_once,  ///< Or not at all: the next message will do.
    waits     ///< For up to limits::notify_wait.
  };
  void send(const std::string& message, Delivery delivery) const;

  int fd_ = -1;
  sockaddr_un address_{};
  unsigned address_size_ = 0;
  core::Nanos watchdog_ = 0;
};

}  // namespace lepus::server
