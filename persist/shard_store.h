// What one shard keeps on disk: opens its journal, hands the queues what they held, and goes on
// with it.
//
//   open(): recover -> log what was found -> finish -> drop what nobody knows -> start the journal
//   then, on the shard's thread: restore() for each queue as the control thread announces it
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "core/ports.h"
#include "persist/journal.h"
#include "persist/known_queues.h"
#include "persist/recovery.h"

namespace lepus::persist {

class ShardStore final : public core::Restorer {
 public:
  explicit ShardStore(const Journal::Parts& parts);

  /// Blocking; before the loop turns, on any thread. Messages of queues that do not live here by
  /// `known` are dead. "" or why the broker must not start.
  [[nodiscard]] std::string open(const KnownQueues& known);
  Journal& journal() { return journal_; }
  const RecoveryReport& report() const { return report_; }

  core::RestoredQueue restore(const core::QueueSpec& queue) override;

 private:
  void log_findings();
  std::vector<SequenceRange> drop_others(const KnownQueues& known);
  void repeat_marks();
  Segments::Found found() const;
  core::Nanos deadline_of(const LiveMessage& message) const;

  Journal::Parts parts_;
  RecoveryReport report_;
  Journal journal_;
};

}  // namespace lepus::persist
