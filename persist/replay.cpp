// Records become steps, so that what is held back does not need their bytes.
#include "persist/replay.h"

#include <algorithm>

namespace lepus::persist {

template <class F>
void Replay::for_each_step(const RecordView& record, const Place& place, F&& visit) {
  const RecordType type = record.header().type;
  switch (type) {
    case RecordType::message: {
      const MessageHead& head = record.head();
      if ((head.flags & head_flag_paged) != 0) return;
      const LiveMessage message{place, head.enqueued_ms, head.ttl_ms, head.body_size,
                                head.priority};
      for (const QueueRef& at : record.queues())
        visit(Step{type, at.queue, at.sequence, 0, message});
      return;
    }
    case RecordType::settle:
      for (const SequenceRange& range : record.ranges())
        visit(Step{type, range.queue, range.first, range.last, {}});
      return;
    case RecordType::seen:
      for (const QueueRef& below : record.queues())
        visit(Step{type, below.queue, below.sequence, 0, {}});
      return;
    case RecordType::trim:
      visit(Step{type, 0, record.first_live(), 0, {}});
      return;
    case RecordType::seal:
      return;
  }
}

void Replay::on_record(const RecordView& record, const Place& place) {
  const RecordHeader& header = record.header();
  CHECK(place.size == header.length);
  ++counters_.records[static_cast<std::size_t>(header.type)];
  counters_.bytes_read += header.length;
  if ((header.flags & flag_batch_first) != 0) {
    drop_held();
    is_in_batch_ = true;
  }
  const bool is_last = (header.flags & flag_batch_last) != 0;
  if (is_in_batch_ && !(is_last && held_records_ == 0)) {
    for_each_step(record, place, [&](const Step& step) { held_.push_back(step); });
    ++held_records_;
  } else {
    for_each_step(record, place, [&](const Step& step) { apply(step); });
  }
  if (is_last) apply_held();
}

void Replay::apply(const Step& step) {
  switch (step.type) {
    case RecordType::message:
      return queues_.add({step.queue, step.first}, step.message);
    case RecordType::settle:
      CHECK(step.first <= step.last);
      return queues_.settle({step.queue, step.first, step.last});
    case RecordType::seen:
      return queues_.mark_seen({step.queue, step.first});
    case RecordType::trim:
      first_live_ = std::max(first_live_, step.first);
      return;
    case RecordType::seal:
      return;
  }
}

void Replay::apply_held() {
  CHECK(is_in_batch_ || held_.empty());
  for (const Step& step : held_) apply(step);
  held_.clear();
  held_records_ = 0;
  is_in_batch_ = false;
}

void Replay::drop_held() {
  CHECK(is_in_batch_ || held_.empty());
  counters_.records_dropped += held_records_;
  held_.clear();
  held_records_ = 0;
  is_in_batch_ = false;
}

}  // namespace lepus::persist
