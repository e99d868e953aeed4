// Records become steps, so that what is held back does not need their bytes.
#include "persist/recovery/replay.h"
#include "core/limits.h"

#include <algorithm>

namespace lepus::persist {

void Replay::on_record(const RecordView& record, const Place& place) {
  const RecordHeader& header = record.header();
  CHECK(place.size == header.length);
  ++counters_.records[static_cast<std::size_t>(header.type)];
  counters_.bytes_read += header.length;
  if ((header.flags & flag_batch_first) != 0) {
    drop_held();
    is_in_batch_ = true;
  }
  defer(record, place);
  ++held_records_;
  if (!is_in_batch_ || (header.flags & flag_batch_last) != 0) apply_held();
}

void Replay::defer(const RecordView& record, const Place& place) {
  const auto defer_step = [this](StepKind kind, std::uint64_t queue, std::uint64_t position,
                                 std::uint64_t last = 0) {
    deferred_.push_back({kind, queue, {.position = position, .message = {}}, last});
  };
  switch (record.header().type) {
    case RecordType::message:
      return defer_message(record, place);
    case RecordType::settle:
      for (const SequenceRange& range : record.ranges())
        defer_step(StepKind::settle, range.queue, range.first, range.last);
      break;
    case RecordType::delivered:
      for (const QueueRef& below : record.queues())
        defer_step(StepKind::raise_watermark, below.queue, below.sequence);
      break;
    case RecordType::truncate:
      defer_step(StepKind::truncate, 0, record.log_start());
      break;
    case RecordType::seal:
      break;
  }
  messages_begin_ = deferred_.size();
}

/// The message before, if it went to the same queues, left its steps at the end, in this order.
void Replay::defer_message(const RecordView& record, const Place& place) {
  const MessageHead& head = record.head();
  const auto queues = record.queues();
  std::size_t before =
      std::max(deferred_.size() - std::min(deferred_.size(), queues.size()), messages_begin_);
  for (const QueueRef& ref : queues) {
    Step step{StepKind::add, ref.queue, {.position = ref.sequence, .message = {}}};
    if ((head.flags & head_flag_paged) != 0) {
      step.kind = StepKind::give_out;
    } else {
      step.run.message = {place, kept_time(ref.queue, head), head.ttl_ms, head.body_size};
    }
    // Queue 0 refused it.
    if (ref.queue != 0 && (before == deferred_.size() || !extend(deferred_[before], step)))
      deferred_.push_back(step);
    before = std::min(before + 1, deferred_.size());
  }
}

/// Messages of one run have one time: the less exact, the fewer runs.
std::uint64_t Replay::kept_time(std::uint64_t queue, const MessageHead& head) const {
  if (head.ttl_ms != core::Message::no_ttl || timed_queues_ == nullptr) return head.enqueued_ms;
  const auto found = timed_queues_->find(queue);
  return found == timed_queues_->end() ? 0 : head.enqueued_ms / found->second * found->second;
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
  ++step.run.count;
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
  CHECK(is_in_batch_ || held_records_ <= 1);
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
