// Records become steps, so that what is held back does not need their bytes.
#include "persist/recovery/replay.h"
#include "core/limits.h"

#include <algorithm>

namespace lepus::persist {

void Replay::on_record(const RecordSummary& record) {
  CHECK(record.count > 0);
  const auto type = static_cast<std::size_t>(record.type);
  counters_.records[type < counters_.records.size() ? type : 0] += record.count;
  counters_.bytes_read += std::uint64_t{record.place.size} * record.count;
  if ((record.flags & flag_batch_first) != 0) {
    drop_held();
    is_in_batch_ = true;
  }
  defer(record);
  held_records_ += record.count;
  if (!is_in_batch_ || (record.flags & flag_batch_last) != 0) apply_held();
}

void Replay::defer(const RecordSummary& record) {
  const auto defer_step = [this](StepKind kind, std::uint64_t queue, std::uint64_t position,
                                 std::uint64_t last = 0) {
    deferred_.push_back({kind, queue, {.position = position, .message = {}}, last});
  };
  switch (record.type) {
    case RecordType::message:
      return defer_message(record);
    case RecordType::settle:
      for (const SequenceRange& range : record.ranges)
        defer_step(StepKind::settle, range.queue, range.first, range.last);
      break;
    case RecordType::delivered:
      for (const QueueRef& below : record.queues)
        defer_step(StepKind::raise_watermark, below.queue, below.sequence);
      break;
    case RecordType::truncate:
      defer_step(StepKind::truncate, 0, record.log_start);
      break;
    case RecordType::seal:
      break;
  }
  messages_begin_ = deferred_.size();
}

/// The message before, if it went to the same queues, left its steps at the end, in this order.
void Replay::defer_message(const RecordSummary& record) {
  CHECK(record.type == RecordType::message);
  const std::size_t queue_count = record.queues.size();
  std::size_t before =
      std::max(deferred_.size() - std::min(deferred_.size(), queue_count), messages_begin_);
  for (const QueueRef& ref : record.queues) {
    Step step{StepKind::add, ref.queue, {.position = ref.sequence, .message = {}}};
    if (record.was_paged) {
      step.kind = StepKind::give_out;
      step.run.position += record.count - 1;
    } else {
      step.run.count = record.count;
      step.run.message = {record.place, kept_time(ref.queue, record), record.ttl_ms,
                          record.body_size};
    }
    // Queue 0 refused it.
    if (ref.queue != 0 && (before == deferred_.size() || !extend(deferred_[before], step)))
      deferred_.push_back(step);
    before = std::min(before + 1, deferred_.size());
  }
}

/// Messages of one run have one time: the less exact, the fewer runs.
std::uint64_t Replay::kept_time(std::uint64_t queue, const RecordSummary& record) const {
  if (record.ttl_ms != core::Message::no_ttl || timed_queues_ == nullptr) return record.enqueued_ms;
  const auto found = timed_queues_->find(queue);
  return found == timed_queues_->end() ? 0 : record.enqueued_ms / found->second * found->second;
}

/// Makes `next` part of `step` if both are of one kind and neighbours.
bool Replay::extend(Step& step, const Step& next) {
  if (step.kind != next.kind || step.queue != next.queue) return false;
  if (!RecoveredQueues::is_one_level(step.run.position, next.run.position)) return false;
  if (next.kind == StepKind::give_out) {
    step.run.position = std::max(step.run.position, next.run.position);
    return true;
  }
  CHECK(next.kind == StepKind::add);
  if (!step.run.goes_on_with(next.run)) return false;
  step.run.count += next.run.count;
  return true;
}

void Replay::apply(const Step& step) {
  switch (step.kind) {
    case StepKind::add:
      return queues_.add(step.queue, step.run);
    case StepKind::give_out:
      return queues_.give_out({step.queue, step.run.position});
    case StepKind::settle:
      CHECK(step.run.position <= step.last);
      return queues_.settle({step.queue, step.run.position, step.last});
    case StepKind::raise_watermark:
      return queues_.raise_watermark({step.queue, step.run.position});
    case StepKind::truncate:
      log_start_ = std::max(log_start_, step.run.position);
      return;
  }
}

void Replay::apply_held() {
  CHECK(is_in_batch_ || messages_begin_ <= deferred_.size());
  for (const Step& step : deferred_) apply(step);
  forget_held();
}

void Replay::drop_held() {
  CHECK(is_in_batch_ || held_records_ == 0);
  counters_.records_dropped += held_records_;
  forget_held();
}

void Replay::forget_held() {
  deferred_.clear();
  if (deferred_.capacity() > core::limits::replay_steps_kept) deferred_.shrink_to_fit();
  messages_begin_ = 0;
  held_records_ = 0;
  is_in_batch_ = false;
}

}  // namespace lepus::persist
