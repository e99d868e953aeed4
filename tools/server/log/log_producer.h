// The Log of one thread: checks the rate, formats the line on the stack, puts it into its ring and
// wakes the writer when that sleeps. See log.h for the whole picture.
//
// Waking: the producer publishes the line, then exchanges `sleeps` for false; the writer exchanges
// it for true, then looks at all rings once more before it waits. Of two exchanges of one variable
// the later reads what the earlier wrote: either the producer reads true and wakes the writer, or
// the writer's exchange comes later and, by acquire and release, sees the line.
#pragma once

#include <sys/eventfd.h>

#include <atomic>
#include <string>

#include "core/base/log.h"
#include "tools/server/log/log.h"
#include "tools/server/log/log_format.h"
#include "tools/server/log/log_limit.h"
#include "tools/server/log/log_ring.h"

namespace lepus::server {

/// How the writer thread is woken; shared by all producers, owned by LogSystem.
struct LogWakeup {
  int fd = -1;  ///< eventfd
  std::atomic<bool> sleeps{false};

  void wake() { eventfd_write(fd, 1); }
};

class LogProducer final : public core::Log {
 public:
  LogProducer(std::string_view thread_name, LogSystem::WallClock clock, LogWakeup& wakeup)
      : thread_name_(thread_name), clock_(clock), wakeup_(wakeup) {}

  // The writer's side.
  LogRing& ring() { return ring_; }
  LogLimiter& limiter() { return limiter_; }
  const std::string& thread_name() const { return thread_name_; }
  static unsigned bit_of(LogFormat format) { return 1U << static_cast<unsigned>(format); }
  /// Those of the outputs there are, as bits.
  void set_formats(unsigned formats) { formats_.store(formats, std::memory_order_relaxed); }
  std::uint64_t dropped_count() const { return dropped_count_.load(std::memory_order_relaxed); }

 private:
  void write_enabled(core::LogLevel level, core::LogCategory category, std::string_view event,
                     std::span<const core::LogField> fields) override {
    const core::Nanos now = clock_();
    if (!limiter_.admit({.level = level, .category = category, .name = event}, now)) return;
    const LogLineParts parts{.level = level,
                             .category = category,
                             .thread = thread_name_,
                             .event = event,
                             .fields = fields};
    bool is_pushed = true;
    for (const LogFormat format : {LogFormat::plaintext, LogFormat::json})
      if (wants(format)) is_pushed &= push(now, parts, format);
    if (!is_pushed) {
      // The writer has fallen behind by a whole ring; it is awake and will report the loss.
      dropped_count_.fetch_add(1, std::memory_order_relaxed);
      return;
    }
    if (wakeup_.sleeps.exchange(false, std::memory_order_acq_rel)) wakeup_.wake();
  }

  bool wants(LogFormat format) const {
    return (formats_.load(std::memory_order_relaxed) & bit_of(format)) != 0;
  }
  bool push(core::Nanos now, const LogLineParts& parts, LogFormat format) {
    LogBuffer line;
    format_log_line(line, parts, format);
    return ring_.try_push(now, parts.level, {line.data(), line.size()}, format);
  }

  std::string thread_name_;
  LogSystem::WallClock clock_;
  LogWakeup& wakeup_;
  LogRing ring_;
  LogLimiter limiter_;
  std::atomic<unsigned> formats_{1};  ///< Written by whoever reads the configuration.
  std::atomic<std::uint64_t> dropped_count_{0};
};

}  // namespace lepus::server
