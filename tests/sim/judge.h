// What a simulated run knows about itself: its logical time, its trace and its verdict.
//
// Every frame a client sends or reads is one tick. The oracle reasons in ticks: what held since
// before a request was sent must show in its answer. The trace is a hash over every event; the same
// seed must give the same trace. The first broken promise is the verdict of the run.
//
// Promises (by number): 1 confirmed messages are kept, bytes intact; 2 nothing comes that nobody
// sent; 3 order per publisher and queue; 4 acknowledged never comes back; 5 unacknowledged comes
// back, flagged; 6 each publish is confirmed once; 7 prefetch; 8 exclusive consumers; 9 routing;
// 10 limits and dead letters; 11 definitions; 12 everything is given back; 13 without faults
// everything settles in time; 14 errors: the right code, and nobody else is harmed; 15 queues with
// able consumers stay short; 16 everybody gets a turn.
#pragma once

#include <cstdint>
#include <cstdio>
#include <functional>
#include <string>
#include <utility>

#include <fmt/format.h>

#include "core/base/time.h"

namespace lepus::sim {

using Tick = std::uint64_t;

class Judge {
 public:
  explicit Judge(bool verbose) : verbose_(verbose) {}

  void set_clock(std::function<core::Nanos()> clock) { clock_ = std::move(clock); }
  /// Virtual time.
  core::Nanos time() const { return clock_(); }
  Tick now() const { return tick_; }
  Tick advance() { return ++tick_; }

  /// One line of the trace.
  template <class... Arguments>
  void note(fmt::format_string<Arguments...> format, Arguments&&... arguments) {
    line_.clear();
    fmt::format_to(std::back_inserter(line_), format, std::forward<Arguments>(arguments)...);
    for (const char character : line_)
      hash_ = (hash_ ^ static_cast<std::uint8_t>(character)) * 0x100000001b3ULL;
    if (verbose_) std::printf("%8llu %s\n", static_cast<unsigned long long>(tick_), line_.c_str());
  }
  template <class... Arguments>
  void fail(int promise, fmt::format_string<Arguments...> format, Arguments&&... arguments) {
    const std::string what = fmt::format(format, std::forward<Arguments>(arguments)...);
    note("BROKEN promise {}: {}", promise, what);
    if (!failed()) verdict_ = fmt::format("promise {}: {} (tick {})", promise, what, tick_);
  }

  bool failed() const { return !verdict_.empty(); }
  const std::string& verdict() const { return verdict_; }
  std::uint64_t hash() const { return hash_; }
  bool verbose() const { return verbose_; }

 private:
  bool verbose_;
  std::function<core::Nanos()> clock_;
  Tick tick_ = 1;
  std::uint64_t hash_ = 0xcbf29ce484222325ULL;
  std::string line_;
  std::string verdict_;
};

}  // namespace lepus::sim
