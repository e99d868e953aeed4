// Beginning, keeping, leaving.
#include "core/stream/offset_tracking.h"

#include <algorithm>
#include <utility>

#include "core/limits.h"

namespace lepus::core {

void OffsetTracking::begin(StreamReader& reader) {
  CHECK(!reader.spec.name.empty());
  reader.progress = std::make_unique<StreamProgress>();
  reader.is_placed = false;
  (void)offsets_.load();
}

bool OffsetTracking::place(StreamReader& reader) {
  if (reader.is_placed) return true;
  if (!offsets_.is_loaded()) return false;
  if (const auto offset = offsets_.find(reader.spec.name))
    reader.next = std::clamp(*offset, log_.first(), log_.end());
  reader.is_placed = true;
  return true;
}

void OffsetTracking::keep(StreamReader& reader) {
  if (!reader.progress || !reader.progress->take_changed()) return;
  offsets_.store(reader.spec.name, reader.progress->done_below(reader.next));
}

void OffsetTracking::leave(Consumer& consumer) {
  StreamReader& reader = reader_of(consumer);
  keep(reader);
  if (!reader.progress || reader.progress->is_empty()) return;
  // Of a channel that died with deliveries on their way to it nothing will be heard.
  if (departed_.size() >= limits::stream_departed_max) departed_.pop_front();
  departed_.push_back({consumer.handle, std::move(consumer.extension)});
}

void OffsetTracking::settle_departed(const Settle& settle) {
  const auto is_it = [&](const Departed& departed) { return departed.handle == settle.consumer; };
  const auto found = std::find_if(departed_.begin(), departed_.end(), is_it);
  if (found == departed_.end()) return;
  StreamReader& reader = found->reader();
  reader.progress->settle(settle);
  keep(reader);
  if (reader.progress->is_empty()) departed_.erase(found);
}

}  // namespace lepus::core
