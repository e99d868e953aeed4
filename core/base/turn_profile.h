// How long the turns of one thread are, and which job a long one spent its time with.
//
//   begin_turn() ─ enter(job) ─ enter(job) ... ─ end_turn(length)
//
// Whoever begins a piece of work that may take long says so with a TurnScope (or enter()); until
// the next such call the time is that job's. Jobs are measured in ticks of a counter that costs
// next to nothing to read; a turn's length is measured by the loop's clock, and ticks only divide
// it. So a turn costs a few reads of the counter, however much it does. What is kept: a histogram
// of lengths, the longest turn, and the longest stall that nobody has reported yet. It decides
// nothing: the broker does the same with any lengths. One thread.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "core/base/time.h"

namespace lepus::core {

/// A counter that goes at a constant rate, whatever that is.
class TickSource {
 public:
  TickSource() = default;
  TickSource(const TickSource&) = delete;
  TickSource& operator=(const TickSource&) = delete;
  virtual ~TickSource() = default;
  virtual std::uint64_t ticks() = 0;
};

enum class TurnJob : std::uint8_t {
  commands,      ///< What other threads sent, and what is in no other job.
  topology,      ///< Changes of definitions that the control thread sent.
  input,         ///< Bytes of clients, new connections.
  files,         ///< Completions of reads and writes of files.
  timers,        ///< Timers.
  deadlines,     ///< Time to live, idle queues.
  pump,          ///< Deliveries, dead letters and other messages that the broker sends on.
  transactions,  ///< Commits of channels.
  discards,      ///< Purges, and messages of deleted queues.
  eviction,      ///< Messages that leave memory.
  journal,       ///< The journal's batch, compaction.
  output,        ///< Confirms, and bytes for clients.
  statistics,    ///< Listings of the operator.
  messages,      ///< Messages that the operator publishes or looks at.
  heap,          ///< Memory that goes back to the system.
  submit,        ///< The call of the kernel that starts operations.
  requests,      ///< Control thread: what channels and operators ask for.
  catalog,       ///< Control thread: the commit of definitions.
};
constexpr std::size_t turn_job_count = static_cast<std::size_t>(TurnJob::catalog) + 1;
std::string_view name_of(TurnJob job);

class TurnProfile {
 public:
  /// Bucket 0 counts turns shorter than 1 us, bucket i those from 2^(i-1) us to below 2^i us; the
  /// last one all that are longer, too.
  static constexpr std::size_t bucket_count = 24;
  struct Longest {
    Nanos length = 0;
    TurnJob job = TurnJob::commands;  ///< What took most of it,
    Nanos job_length = 0;             ///< and how much that was.
  };
  struct Totals {
    std::uint64_t turns = 0;
    std::uint64_t sleeps = 0;  ///< Turns that waited, or were free to.
    Nanos busy = 0;            ///< The sum of their lengths.
    std::array<std::uint64_t, bucket_count> buckets{};
    Longest longest;
    std::uint64_t stalls = 0;  ///< Turns of limits::turn_stall or more,
    std::array<std::uint64_t, turn_job_count> stalls_by_job{};  ///< by what took most of them.

    /// The length, in microseconds, that `permille` of the turns stay below, to a power of two; 0
    /// without turns.
    std::uint64_t quantile_us(unsigned permille) const;
  };

  explicit TurnProfile(TickSource& source) : source_(source) {}
  TurnProfile(const TurnProfile&) = delete;
  TurnProfile& operator=(const TurnProfile&) = delete;

  /// The turn begins with TurnJob::commands.
  void begin_turn();
  /// The time from now on is that of `job`. Returns the job until now.
  TurnJob enter(TurnJob job) {
    const std::uint64_t now = source_.ticks();
    ticks_[index_of(job_)] += now - entered_at_;
    entered_at_ = now;
    const TurnJob before = job_;
    job_ = job;
    return before;
  }
  /// `length`: of the whole turn, without the time it waited for something to do. The first call
  /// counts for nothing: its turn began when the loop was made.
  void end_turn(Nanos length);
  void note_sleep() { ++totals_.sleeps; }

  const Totals& totals() const { return totals_; }
  /// Stalls since the last take_stalls().
  std::uint64_t unreported_count() const { return unreported_count_; }
  /// The longest of them.
  Longest take_stalls();

 private:
  static std::size_t index_of(TurnJob job) { return static_cast<std::size_t>(job); }
  Longest describe(Nanos length) const;

  TickSource& source_;
  std::array<std::uint64_t, turn_job_count> ticks_{};  ///< Of this turn, by job.
  std::uint64_t entered_at_ = 0;
  TurnJob job_ = TurnJob::commands;
  bool has_begun_ = false;  ///< The first turn has ended.
  Totals totals_;
  Longest unreported_;
  std::uint64_t unreported_count_ = 0;
};

/// A piece of work within another job, which goes on after it.
class TurnScope {
 public:
  /// Null: nothing is measured.
  TurnScope(TurnProfile* profile, TurnJob job) : profile_(profile) {
    if (profile_ != nullptr) before_ = profile_->enter(job);
  }
  ~TurnScope() {
    if (profile_ != nullptr) profile_->enter(before_);
  }
  TurnScope(const TurnScope&) = delete;
  TurnScope& operator=(const TurnScope&) = delete;

 private:
  TurnProfile* profile_;
  TurnJob before_ = TurnJob::commands;
};

}  // namespace lepus::core
