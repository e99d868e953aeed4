// Turns the records of a journal, in their order, into the state of the queues. A batch counts as a
// whole or not at all, also when it crosses segments:
//
//   flag_batch_first ... flag_batch_last      held back, then applied together
//   flag_batch_first ... flag_batch_first     a crash cut the first one off: dropped
//   flag_batch_first ... end of the journal   the same
//   flag_batch_first ... damage               was durable once: applied as far as it goes, and so
//                                             are the records behind the damage
//
// Records outside a batch (a writer that does not mark them) count at once.
#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "persist/recovered_queues.h"

namespace lepus::persist {

struct RecoveryCounters {
  std::array<std::uint64_t, 6> records{};  ///< By RecordType; [0] is unused.
  std::uint64_t bytes_read = 0;            ///< Of valid records.
  std::uint64_t records_lost = 0;          ///< As far as gaps in the sequences tell.
  std::uint64_t damaged_bytes = 0;
  std::uint64_t records_dropped = 0;  ///< Of batches that were cut off.
};

class Replay {
 public:
  Replay(RecoveredQueues& queues, RecoveryCounters& counters)
      : queues_(queues), counters_(counters) {}

  void on_record(const RecordView& record, const Place& place);
  void on_damage() { apply_held(); }
  void on_end() { drop_held(); }

  /// A batch has begun and its last record did not come yet.
  bool is_in_batch() const { return is_in_batch_; }
  /// By trim records; 0: there was none.
  std::uint64_t first_live() const { return first_live_; }

 private:
  /// What a record does to one queue; of the trim record, to all.
  struct Step {
    RecordType type;
    std::uint64_t queue;
    std::uint64_t first;  ///< Position, mark or segment number.
    std::uint64_t last;   ///< Of a settle.
    LiveMessage message;
  };

  template <class F>
  static void for_each_step(const RecordView& record, const Place& place, F&& visit);
  void apply(const Step& step);
  void apply_held();
  void drop_held();

  RecoveredQueues& queues_;
  RecoveryCounters& counters_;
  std::vector<Step> held_;  ///< Of the batch that is not complete.
  std::uint64_t held_records_ = 0;
  bool is_in_batch_ = false;
  std::uint64_t first_live_ = 0;
};

}  // namespace lepus::persist
