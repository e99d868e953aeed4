// See queue_description.h.
#include "core/queue/queue_description.h"

#include <algorithm>

#include "core/message/message_rewrite.h"
#include "core/message/properties.h"

namespace lepus::core {

namespace {

/// The oldest of what one sample found; `never`: there is none.
struct Oldest {
  Nanos ready = never;
  Nanos unacked = never;
};

/// What was pushed since the shard started.
std::uint64_t pushed_count(PriorityBacklog& backlog) {
  std::uint64_t count = 0;
  backlog.for_each_level([&](std::size_t, const Backlog& each) { count += each.positions().end; });
  const QueueTally* tally = backlog.tally.find();
  return tally == nullptr ? count : count - tally->positions_before;
}

QueueTally::LevelMarks& marks_of(QueueTally& tally, std::size_t level) {
  if (tally.levels.size() <= level) tally.levels.resize(level + 1);
  return tally.levels[level];
}

/// Looks on from where the last sample ended: what is unacknowledged and was out but once lies in
/// the order in which it was delivered. Returns when that was; `never`: there is none.
Nanos find_unacked(QueueTally::LevelMarks& marks, const Backlog& backlog, Nanos now) {
  Sequence& cursor = marks.unacked_cursor;
  cursor = std::max(cursor, backlog.positions().begin);
  std::size_t budget = limits::unacked_scan_max;
  for (; cursor < backlog.positions().head; ++cursor) {
    if (budget-- == 0) break;
    const Slot slot = backlog.slot_at(cursor);
    if (slot.state() == Slot::State::unacked && !slot.redelivered()) break;
  }
  return cursor < backlog.positions().head ? marks.delivered.time_of(cursor, now) : never;
}

void sample_level(QueueTally::LevelMarks& marks, Backlog& backlog, Nanos now, Oldest& oldest) {
  marks.arrived.note(backlog.positions().end, now);
  marks.delivered.note(backlog.positions().head, now);
  if (backlog.counts().live() == 0) {
    marks.arrived.forget_below(backlog.positions().end);
    marks.delivered.forget_below(backlog.positions().head);
    marks.unacked_cursor = backlog.positions().head;
    return;
  }
  marks.arrived.forget_below(backlog.positions().begin);
  marks.delivered.forget_below(backlog.positions().begin);
  if (backlog.counts().ready > 0)
    oldest.ready = std::min(oldest.ready, marks.arrived.time_of(backlog.peek().sequence, now));
  if (backlog.counts().unacked > 0)
    oldest.unacked = std::min(oldest.unacked, find_unacked(marks, backlog, now));
}

/// What came a moment ago is a millisecond old: 0 means that there is none.
std::uint64_t age_ms(Nanos time, Nanos now) {
  if (time == never) return 0;
  return std::max<std::uint64_t>(static_cast<std::uint64_t>((now - time) / nanos_per_ms), 1);
}

void describe_ages(PriorityBacklog& backlog, QueueTally& tally, Nanos now, QueueStats& row) {
  Oldest oldest;
  backlog.for_each_level([&](std::size_t level, Backlog& each) {
    sample_level(marks_of(tally, level), each, now, oldest);
  });
  const bool is_all_redelivered = backlog.unacked_count() > 0 && oldest.unacked == never;
  if (!is_all_redelivered) {
    tally.redelivered_since = never;
  } else if (tally.redelivered_since == never) {
    tally.redelivered_since = now;
  }
  row.oldest_ready_age_ms = age_ms(oldest.ready, now);
  row.oldest_unacked_age_ms = age_ms(std::min(oldest.unacked, tally.redelivered_since), now);
}

std::uint64_t sum_of(const RemovalCounts& counts) {
  return counts.expired + counts.maxlen + counts.rejected + counts.delivery_limit;
}

/// Grows with all that happens to messages, but for their coming back.
std::uint64_t event_count(const QueueStats& row, const QueueTally& tally) {
  return row.counts[MessageEvent::publish] + tally.counts.deliver_get() +
         tally.counts[MessageEvent::ack] + tally.counts[MessageEvent::get_empty] +
         sum_of(tally.removed) + tally.purged + tally.lost;
}

void describe_activity(const PriorityBacklog& backlog, const QueueHost::Turn& turn,
                       QueueTally& tally, QueueStats& row) {
  const std::uint64_t events = event_count(row, tally);
  if (tally.events_seen != events || tally.ready_seen != backlog.ready_count()) {
    tally.events_seen = events;
    tally.ready_seen = backlog.ready_count();
    tally.active_at = turn.now;
  }
  row.is_idle = turn.now - tally.active_at >= limits::idle_after;
  row.idle_since_ms = wall_clock_ms(turn, tally.active_at);
}

std::uint64_t timestamp_of_head(PriorityBacklog& backlog) {
  if (backlog.ready_count() == 0) return 0;
  const Message* head = backlog.peek().message;
  if (head == nullptr) return 0;
  const PropertiesView view = properties_of(*head);
  return view.has(Property::timestamp) ? view.timestamp_s : 0;
}

}  // namespace

void describe_messages(PriorityBacklog& backlog, const QueueHost::Turn& turn, QueueStats& row) {
  const BacklogCounts counts = backlog.counts();
  row.messages_ready = counts.ready;
  row.messages_unacknowledged = counts.unacked;
  row.message_bytes_ready = counts.ready_body_bytes;
  row.message_bytes_unacknowledged = counts.held_body_bytes;
  row.messages_ram = counts.resident();
  row.message_bytes_ram = counts.resident_body_bytes();
  row.memory = counts.bytes;
  row.counts[MessageEvent::publish] = pushed_count(backlog);
  if (backlog.tally.find() == nullptr && row.counts[MessageEvent::publish] == 0) return;
  QueueTally& tally = *backlog.tally;
  row.counts += tally.counts;
  row.removed = tally.removed;
  row.dead_lettered = tally.dead_lettered;
  row.messages_restored = tally.restored;
  row.messages_purged = tally.purged;
  row.messages_lost = tally.lost;
  row.dead_letters_unreadable = tally.unreadable.given_up_count();
  row.messages_unreadable = tally.unreadable.count() - row.dead_letters_unreadable;
  row.disk_reads = tally.disk_reads;
  row.disk_writes = tally.disk_writes;
  row.messages_persistent = tally.persistent;
  row.message_bytes_persistent = tally.persistent_bytes;
  row.head_timestamp_s = timestamp_of_head(backlog);
  describe_ages(backlog, tally, turn.now, row);
  describe_activity(backlog, turn, tally, row);
}

void append_unreadable(QueueId queue, const PriorityBacklog& backlog, std::size_t count,
                       std::vector<UnreadableStats>& out) {
  CHECK(queue);
  const QueueTally* tally = backlog.tally.find();
  if (tally == nullptr) return;
  for (const UnreadableMessages::Entry& entry : tally->unreadable.all()) {
    const Slot slot = backlog.slot_at(entry.sequence);
    if (slot.state() != Slot::State::retained || !slot.is_evicted()) continue;
    if (count-- == 0) return;
    out.push_back({queue, entry.sequence, slot.place(), entry.reason.has_value()});
  }
}

void describe_consumers(const ConsumerList& consumers, const Consumer* single_active,
                        QueueStats& row) {
  if (single_active != nullptr && single_active->name) {
    row.single_active_tag = single_active->name->tag;
    row.single_active_connection = single_active->name->connection;
    row.single_active_channel = single_active->name->channel;
  }
  if (consumers.empty() || !consumers.front().spec.exclusive || !consumers.front().name) return;
  row.exclusive_consumer_tag = consumers.front().name->tag;
  row.exclusive_consumer_connection = consumers.front().name->connection;
  row.exclusive_consumer_channel = consumers.front().name->channel;
}

/// The records of messages with the same time follow one another.
void note_restored_times(const RestoredQueue& restored, const QueueHost::Turn& turn,
                         PriorityBacklog& backlog) {
  for (const RestoredRun& run : restored.runs) {
    if (run.enqueued_ms == 0) continue;
    const std::size_t level = PriorityLevels::number_of(run.first);
    const Nanos came = static_cast<Nanos>(run.enqueued_ms) * nanos_per_ms - turn.wall_clock_offset;
    marks_of(*backlog.tally, level)
        .arrived.note((run.first & PriorityLevels::inner_mask) + run.count,
                      std::min(came, turn.now));
  }
}

}  // namespace lepus::core
