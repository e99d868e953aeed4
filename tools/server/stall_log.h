// Logs the turns of one thread that took too long: the longest since the last line, with the job
// that took most of it, and how many there were; at most one line in limits::stall_log_interval.
#pragma once

#include <string>

#include "core/base/log.h"
#include "core/base/turn_profile.h"
#include "core/limits.h"

namespace lepus::server {

class StallLog {
 public:
  /// `thread` is the name in the lines. The profile and the log outlive this.
  StallLog(core::TurnProfile& profile, core::Log& log, std::string thread)
      : profile_(profile), log_(log), thread_(std::move(thread)) {}

  /// After each turn.
  void look(core::Nanos now) {
    if (profile_.unreported_count() > 0 && now >= next_line_) write(now);
  }

 private:
  void write(core::Nanos now) {
    const std::uint64_t count = profile_.unreported_count();
    const core::TurnProfile::Longest longest = profile_.take_stalls();
    next_line_ = now + core::limits::stall_log_interval;
    log_.write(core::LogLevel::warning, core::LogCategory::general, "a thread was busy for long",
               {{"thread", thread_},
                {"length_us", longest.length / core::nanos_per_us},
                {"job", core::name_of(longest.job)},
                {"job_us", longest.job_length / core::nanos_per_us},
                {"count", count}});
  }

  core::TurnProfile& profile_;
  core::Log& log_;
  std::string thread_;
  core::Nanos next_line_ = 0;
};

}  // namespace lepus::server
