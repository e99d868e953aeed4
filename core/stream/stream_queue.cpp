// Messages, turns, records of a stream.
#include "core/stream/stream_queue.h"

#include <algorithm>
#include <utility>

#include "core/limits.h"
#include "core/queue/queue_description.h"

namespace lepus::core {

StreamQueue::StreamQueue(const QueueInfo& info, QueueHost& host)
    : Queue(info, /*records_all=*/true),
      host_(host),
      timer_(info.id, host),
      log_(info, host, record_rule()),
      residency_({info, host, log_.backlog(), log_.records()}, /*reads_back=*/false),
      content_(info.id, host, log_),
      tracking_(info.id, host.message_log(), log_),
      readers_({*this, host, log_, content_, tracking_}),
      storage_({*this, host, timer_, log_, content_, tracking_, readers_, residency_}),
      made_at_(host.now()) {}

std::optional<Sequence> StreamQueue::push(MessageRef message) {
  CHECK(message->complete());
  residency_.note_resident();
  const Sequence offset = log_.push(std::move(message));
  readers_.on_pushed();
  host_.schedule(*this);
  timer_.wake_at(log_.next_deadline());
  return offset;
}

/// A channel that is closing gives back at once what it gets.
bool StreamQueue::pump() {
  if (std::exchange(is_pumping_, true)) return true;
  const bool has_more = readers_.pump();
  is_pumping_ = false;
  return has_more;
}

void StreamQueue::get(const Get& request) {
  host_.answer_get({request.channel, 0, info().id, 0, {}, host_.shard(), false, true}, {});
}

void StreamQueue::catch_up() {
  for (std::size_t i = 0; i < limits::catch_up_shares_max; ++i)
    if (!pump()) return;
  host_.schedule(*this);
}

void StreamQueue::on_deadline(Nanos) {
  timer_.on_deadline();
  drop_excess();
}

void StreamQueue::drop_excess() {
  log_.drop_excess();
  timer_.wake_at(log_.next_deadline());
}

Queue::Counts StreamQueue::counts() const {
  const PriorityBacklog& backlog = log_.backlog();
  return {backlog.ready_count(),
          backlog.unacked_count(),
          backlog.counts().ready_body_bytes,
          backlog.resident_count(),
          backlog.counts().bytes,
          static_cast<std::uint32_t>(readers_.client_count())};
}

/// Each message is ready for those who come: what readers have not settled is theirs alone.
void StreamQueue::describe(QueueStats& row) {
  const QueueHost::Turn& turn = host_.turn();
  describe_messages(log_.backlog(), turn, row);
  row.consumers = counts().consumers;
  row.head_timestamp_s = 0;
  const std::uint64_t now_ms = wall_clock_ms(turn, turn.now);
  const std::uint64_t oldest_ms = log_.oldest_ms();
  if (oldest_ms > 0)
    row.oldest_ready_age_ms = std::max<std::uint64_t>(now_ms - std::min(now_ms, oldest_ms), 1);
  if (!row.idle_since_ms) row.idle_since_ms = wall_clock_ms(turn, made_at_);
  describe_consumers(readers_.all(), nullptr, row);
}

}  // namespace lepus::core
