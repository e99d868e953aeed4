// The messages of a stream: they stay until a limit drops the oldest, and the position of a message
// is its offset.
//
//   first() ............................................. end()
//           | on disk only                | in memory   |
//
// What is too much (x-max-length-bytes) or too old (x-max-age) is dropped when a message comes and
// when time passes, a piece at a time.
#pragma once

#include <cstdint>

#include "core/broker/ports.h"
#include "core/queue/backlog/priority_backlog.h"
#include "core/queue/queue_host.h"
#include "core/queue/queue_records.h"
#include "core/stream/stream_spec.h"
#include "core/stream/stream_times.h"
#include "core/topology/topology.h"

namespace lepus::core {

class StreamLog {
 public:
  /// Both outlive this object.
  StreamLog(const QueueInfo& info, QueueHost& host, const RecordRule& rule)
      : info_(info), host_(host), records_(info.id, rule, backlog_, host.message_log()) {}
  StreamLog(const StreamLog&) = delete;
  StreamLog& operator=(const StreamLog&) = delete;

  PriorityBacklog& backlog() { return backlog_; }
  const PriorityBacklog& backlog() const { return backlog_; }
  QueueRecords& records() { return records_; }
  const QueueRecords& records() const { return records_; }

  /// The oldest message there is; end() if there is none.
  Sequence first();
  /// Above every offset ever given out.
  Sequence end() const { return backlog_.end(); }
  /// Where a consumer begins that asked for this.
  Sequence start_of(const StreamStart& start);

  /// When the oldest message came, to limits::stream_time_step, at the latest; in milliseconds
  /// since 1970. 0: there is none.
  std::uint64_t oldest_ms() const { return backlog_.ready_count() > 0 ? times_.oldest_ms() : 0; }

  /// The first offset from `from` on that has a message, but not farther than `skips_max` behind
  /// it or behind first(); that one may have none. end() at most.
  Sequence next_message(Sequence from, std::size_t skips_max);
  /// When the message came, to limits::stream_time_step; in milliseconds since 1970.
  std::uint64_t arrived_ms(Sequence offset) const { return times_.time_of(offset); }

  Sequence push(MessageRef message);
  /// What was found after a restart.
  void restore(const RestoredRun& run);
  /// The record of a message cannot be read: it counts no more, until a limit drops it.
  void park(Sequence offset);
  /// See QueueStorage.
  std::size_t resolve_unreadable(const UnreadableOrder& order, std::size_t count);
  /// Drops what is too much or too old, a piece.
  void drop_excess();
  /// When drop_excess() has to be called next; core::never when time changes nothing.
  Nanos next_deadline() const;

 private:
  void drop_parked_before(Sequence first);
  std::uint64_t wall_clock_ms() const;
  bool is_over_limit() const;

  const QueueInfo& info_;
  QueueHost& host_;
  PriorityBacklog backlog_{0};
  QueueRecords records_;
  StreamTimes times_;
};

}  // namespace lepus::core
