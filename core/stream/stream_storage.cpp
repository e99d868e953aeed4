// Positions of messages go to the log of the stream, those of named consumers to their offsets.
#include "core/stream/stream_storage.h"

#include <utility>

namespace lepus::core {

/// Deliveries of a stream are not announced.
void StreamStorage::restore(const RestoredQueue& restored) {
  CHECK(parts_.log.records().rule().is_durable);
  StreamOffsets& offsets = parts_.tracking.offsets();
  for (const RestoredRun& run : restored.runs) {
    if (StreamOffsets::owns(run.first)) {
      offsets.restore(run);
    } else {
      parts_.log.restore(run);
    }
  }
  for (const Sequence next : restored.next) {
    if (StreamOffsets::owns(next)) {
      offsets.continue_at(next);
    } else {
      parts_.log.backlog().continue_at(next);
    }
  }
  parts_.timer.wake_at(parts_.log.next_deadline());
}

bool StreamStorage::drop_records(std::size_t& budget) {
  if (parts_.log.records().drop_next(budget)) return true;
  parts_.tracking.offsets().drop_records();
  return false;
}

void StreamStorage::resume_readers() {
  parts_.readers.on_content();
  parts_.host.schedule(parts_.queue);
}

bool StreamStorage::evict(bool memory_pressure) {
  parts_.content.shrink_cache(memory_pressure);
  return parts_.residency.evict(memory_pressure);
}

bool StreamStorage::on_written() {
  const bool has_more = parts_.content.on_written();
  if (!has_more) resume_readers();
  return has_more;
}

std::optional<LocatedRecord> StreamStorage::locate(Sequence sequence) const {
  if (StreamOffsets::owns(sequence)) return parts_.tracking.offsets().locate(sequence);
  return parts_.log.records().find(sequence);
}

void StreamStorage::on_moved(Sequence sequence, const RecordLocation& place) {
  if (StreamOffsets::owns(sequence)) return parts_.tracking.offsets().on_moved(sequence, place);
  parts_.log.backlog().move(sequence, place);
}

bool StreamStorage::on_fetched(Sequence sequence, const RecordLocation& place, MessageRef message) {
  const bool is_lost =
      StreamOffsets::owns(sequence)
          ? parts_.tracking.offsets().on_fetched(sequence, place, std::move(message))
          : parts_.content.on_fetched(sequence, place, std::move(message));
  resume_readers();
  return is_lost;
}

void StreamStorage::lose(Sequence sequence) {
  if (StreamOffsets::owns(sequence)) {
    parts_.tracking.offsets().lose(sequence);
  } else {
    QueueTally& tally = *parts_.log.backlog().tally;
    ++tally.lost;
    tally.unreadable.remove(sequence);
    (void)parts_.log.records().take(sequence);
  }
  resume_readers();
}

std::size_t StreamStorage::resolve_unreadable(const UnreadableOrder& order, std::size_t count) {
  const std::size_t resolved = parts_.log.resolve_unreadable(order, count);
  resume_readers();
  return resolved;
}

}  // namespace lepus::core
