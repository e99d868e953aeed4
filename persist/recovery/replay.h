// Turns the records of a journal, in their order, into the state of the queues. A batch counts as a
// whole or not at all, also when it crosses segments:
//
//   flag_batch_first ... flag_batch_last      held back, then applied together
//   flag_batch_first ... flag_batch_first     a crash cut the first one off: dropped
//   flag_batch_first ... end of the journal   the same
//   flag_batch_first ... damage               was durable once: applied as far as it goes, and so
//                                             are the records behind the damage
//
// Records outside a batch (a writer that does not mark them) count at once. What is held back are
// steps, one for many messages that are neighbours in queue and segment.
#pragma once

#include <array>
#include <boost/unordered/unordered_flat_map.hpp>
#include <cstdint>
#include <vector>

#include "persist/journal/index/record_summary.h"
#include "persist/recovery/recovered_queues.h"

namespace lepus::persist {

/// Queues that need to know when their messages came, and how exactly, in milliseconds.
using TimedQueues = boost::unordered_flat_map<std::uint64_t, std::uint32_t>;

struct RecoveryCounters {
  std::array<std::uint64_t, 6> records{};  ///< By RecordType; [0] of types that are not known.
  std::uint64_t bytes_read = 0;            ///< Of valid records.
  std::uint64_t records_lost = 0;          ///< As far as gaps in the sequences tell.
  std::uint64_t damaged_bytes = 0;
  std::uint64_t records_dropped = 0;  ///< Of batches that were cut off.
};

class Replay {
 public:
  /// `timed_queues`: null: all, to the millisecond. Of a message that has a TTL the time is always
  /// kept.
  Replay(RecoveredQueues& queues, RecoveryCounters& counters, const TimedQueues* timed_queues)
      : queues_(queues), counters_(counters), timed_queues_(timed_queues) {}

  /// A record, or several that are neighbours: from a segment or from its index.
  void on_record(const RecordSummary& record);
  void on_record(const RecordView& record, const Place& place) {
    on_record(summary_of(record, place));
  }
  void on_damage() { apply_held(); }
  void on_end() { drop_held(); }

  /// A batch has begun and its last record did not come yet.
  bool is_in_batch() const { return is_in_batch_; }
  /// By truncate records; 0: there was none.
  std::uint64_t log_start() const { return log_start_; }

 private:
  enum class StepKind : std::uint8_t { add, give_out, settle, raise_watermark, truncate };

  /// What records do to one queue; of the truncate record, to all.
  struct Step {
    StepKind kind;
    std::uint64_t queue;
    LiveRun run;             ///< Of `add`; run.position also: position, mark or segment number.
    std::uint64_t last = 0;  ///< Of a settle.
  };

  void defer(const RecordSummary& record);
  void defer_message(const RecordSummary& record);
  static bool extend(Step& step, const Step& next);
  std::uint64_t kept_time(std::uint64_t queue, const RecordSummary& record) const;
  void apply(const Step& step);
  void apply_held();
  void drop_held();
  void forget_held();

  RecoveredQueues& queues_;
  RecoveryCounters& counters_;
  const TimedQueues* timed_queues_;
  std::vector<Step> deferred_;      ///< Of the batch that is not complete.
  std::size_t messages_begin_ = 0;  ///< In held_: only steps of messages from here on.
  std::uint64_t held_records_ = 0;
  bool is_in_batch_ = false;
  std::uint64_t log_start_ = 0;
};

}  // namespace lepus::persist
