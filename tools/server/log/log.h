// The log of the process: a producer per thread, one writer thread, a console and a file.
//
//   shard 0 ── LogProducer ── ring ──┐
//   shard 1 ── LogProducer ── ring ──┼──> writer thread ──> console, file
//   control ── LogProducer ── ring ──┘
//
// A producer formats its line on its own stack and copies it into its ring (bounded, one producer,
// one consumer: no lock, never blocks). A full ring drops the line and counts it; the writer
// reports the count. Repeated events are cut off in the producer (log_limit.h) and summed up by the
// writer. So a disk that stalls or a storm of connections costs lines, not time of a shard. The
// console is standard error or output.
//
// A line (logfmt; values are quoted when they hold blanks or quotes):
//   2026-03-01T12:00:00.123456Z info connection shard-0 "connection opened" peer=127.0.0.1:40000
//
// Threads: the constructor, open, producer, start and the destructor belong to the main thread;
// reopen and apply to one thread at a time (the admin thread on SIGHUP); flush to any; each
// producer to one thread at a time. All producers are made before start(). The destructor writes
// what is left, so threads that log must have ended.
#pragma once

#include <atomic>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "core/base/log.h"
#include "core/base/time.h"
#include "tools/server/config/config.h"
#include "tools/server/log/log_memory.h"

namespace lepus::server {

class LogProducer;
struct LogWakeup;

class LogSystem {
 public:
  /// Nanoseconds since 1970, the only clock of the log; tests hand in their own.
  using WallClock = core::Nanos (*)();

  explicit LogSystem(const LogConfig& config, WallClock clock = nullptr);
  ~LogSystem();
  LogSystem(const LogSystem&) = delete;
  LogSystem& operator=(const LogSystem&) = delete;

  /// Opens the file, making log.dir when it is missing. An error text, or nothing.
  [[nodiscard]] std::optional<std::string> open();
  /// The Log of one thread, e.g. "shard-0"; lives as long as the LogSystem. Before start().
  core::Log& producer(std::string_view thread_name);
  /// Starts the writer thread. Until then lines are kept in the producers' rings.
  void start();
  /// After a rotation (SIGHUP): the file is opened anew under its name. When that fails the old
  /// file stays in use and the text says why.
  [[nodiscard]] std::optional<std::string> reopen();
  /// New levels, console and file, for all producers at once. Fails like reopen().
  [[nodiscard]] std::optional<std::string> apply(const LogConfig& config);
  /// Writes out what all threads have logged so far; returns when it has left the process.
  void flush();

  /// The newest lines, for any thread.
  const LogMemory& memory() const { return memory_; }
  /// Lines lost since the start because a ring was full.
  std::uint64_t dropped_count() const;

 private:
  struct Sinks;

  void run();
  void drain();
  void report_losses(core::Nanos now);
  bool has_lines() const;
  void set_thresholds();
  void sleep();

  LogConfig config_;
  WallClock clock_;
  LogMemory memory_;
  std::unique_ptr<LogWakeup> wakeup_;
  std::vector<std::unique_ptr<LogProducer>> producers_;
  /// Guards sinks_ and the reading end of the rings: between the writer thread and the main
  /// thread's reopen, apply and flush. No producer ever takes it.
  mutable std::mutex sinks_mutex_;
  std::unique_ptr<Sinks> sinks_;
  std::vector<std::uint64_t> dropped_reported_;  ///< By producer.
  std::thread writer_;
  std::atomic<bool> stop_{false};
};

}  // namespace lepus::server
