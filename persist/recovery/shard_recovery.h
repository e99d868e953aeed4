// What one shard keeps on disk: opens its journal, hands the queues what they held, and goes on
// with it.
//
//   open(): recover -> log what was found -> finish -> drop what nobody knows -> start the journal
//   then, on the shard's thread: restore() for each queue as the control thread announces it
#pragma once

#include <algorithm>
#include <cstdint>
#include <string>
#include <vector>

#include "core/broker/ports.h"
#include "persist/journal/journal.h"
#include "persist/recovery/known_queues.h"
#include "persist/recovery/recovery.h"

namespace lepus::persist {

class ShardRecovery final : public core::Restorer {
 public:
  explicit ShardRecovery(const Journal::Parts& parts);

  struct Expected {
    /// The journal has had this segment, as the catalog knows; its own file may know a later one.
    std::uint64_t segment_min = 0;
    bool accepts_loss = false;  ///< What is missing is logged, else it stops the start.
    /// With accepts_loss: messages of queues that the catalog never had are copied there. Files
    /// with a damaged header are moved there; empty: they are renamed where they are.
    std::string kept_aside;
  };
  /// Blocking; before the loop turns, on any thread. Messages of queues that do not live here by
  /// `known` are dead; those of queues that the catalog never had are kept aside before. Returns ""
  /// or why the broker must not start: then nothing was changed.
  [[nodiscard]] std::string open(const KnownQueues& known, const Expected& expected);
  [[nodiscard]] std::string open(const KnownQueues& known) { return open(known, {}); }
  /// The highest segment that was there or was begun since; 0: none.
  std::uint64_t newest_segment() const {
    return std::max(report_.tail.segment, journal_.view().writer.files().segment());
  }
  Journal& journal() { return journal_; }
  const RecoveryReport& report() const { return report_; }

  core::RestoredQueue restore(const core::QueueSpec& queue) override;

 private:
  void log_findings();
  std::string finish();
  void remove_orphan_indexes();
  void log_index_error(int code);
  std::string judge_losses(const KnownQueues& known, const Expected& expected);
  std::string keep_unknown_aside(const KnownQueues& known, const std::string& target);
  std::string move_lost_headers(const std::string& target);
  std::vector<SequenceRange> drop_misplaced_queues(const KnownQueues& known);
  void repeat_watermarks();
  Segments::Found found() const;
  std::uint64_t past(std::uint64_t enqueued_ms) const;
  core::Nanos deadline_of(const LiveMessage& message) const;

  Journal::Parts parts_;
  RecoveryReport report_;
  Journal journal_;
};

}  // namespace lepus::persist
