// What the operator is told of a queue, as far as all kinds have it. Describing is a sample: the
// ages of messages and the time since which a queue is idle are known to within the time since the
// sample before (core/queue/time_marks.h), for nothing is written down when a message comes.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "core/broker/ports.h"
#include "core/broker/stats.h"
#include "core/queue/backlog/priority_backlog.h"
#include "core/queue/consumer.h"
#include "core/queue/consumer_list.h"
#include "core/queue/queue_host.h"

namespace lepus::core {

/// Milliseconds since 1970 of a time of the loop's clock.
inline std::uint64_t wall_clock_ms(const QueueHost::Turn& turn, Nanos time) {
  const Nanos wall = time + turn.wall_clock_offset;
  return wall < 0 ? 0 : static_cast<std::uint64_t>(wall / nanos_per_ms);
}

/// Messages, counts, ages. `idle_since_ms` stays 0 if nothing ever happened to a message.
void describe_messages(PriorityBacklog& backlog, const QueueHost::Turn& turn, QueueStats& row);

/// Who alone gets messages. `single_active` may be null.
void describe_consumers(const ConsumerList& consumers, const Consumer* single_active,
                        QueueStats& row);

/// Messages of `queue` whose records cannot be read, at most so many, lowest position first.
void append_unreadable(QueueId queue, const PriorityBacklog& backlog, std::size_t count,
                       std::vector<UnreadableStats>& out);

/// After a restart: what is known of when messages came.
void note_restored_times(const RestoredQueue& restored, const QueueHost::Turn& turn,
                         PriorityBacklog& backlog);

}  // namespace lepus::core
