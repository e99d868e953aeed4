// Consumers whose offset the broker keeps: where they begin, and how far they are.
#include <algorithm>
#include <utility>

#include "core/limits.h"
#include "core/queue/consumer.h"
#include "core/stream/stream.h"

namespace lepus::core {

void Stream::begin_named(StreamReader& reader) {
  reader.progress = std::make_unique<StreamProgress>();
  reader.is_placed = false;
  (void)offsets_.load();
}

/// Where it left off. False: that has to be read first.
bool Stream::place(StreamReader& reader) {
  if (reader.is_placed) return true;
  if (!offsets_.is_loaded()) return false;
  if (const auto offset = offsets_.find(reader.spec.name))
    reader.next = std::clamp(*offset, first(), end());
  reader.is_placed = true;
  return true;
}

void Stream::settle(const Settle& settle, Consumer* consumer) {
  if (consumer == nullptr) return settle_departed(settle);
  std::uint64_t bytes = 0;
  for (Sequence offset = settle.first; consumer->spec.prefetch_size > 0 && offset <= settle.last;
       ++offset) {
    const Slot slot = backlog_.slot_at(offset);
    if (slot.state() != Slot::State::gone) bytes += slot.body_size();
  }
  consumer->drop_unacked(settle.last - settle.first + 1, bytes);
  host_.schedule(queue_);
  if (consumer->reader->progress) consumer->reader->progress->settle(settle);
}

/// What a consumer had is settled, or given back, after it was cancelled.
void Stream::settle_departed(const Settle& settle) {
  const auto is_it = [&](const Departed& departed) { return departed.handle == settle.consumer; };
  const auto found = std::find_if(departed_.begin(), departed_.end(), is_it);
  if (found == departed_.end()) return;
  found->reader->progress->settle(settle);
  keep_offset(*found->reader);
  if (found->reader->progress->is_empty()) departed_.erase(found);
}

void Stream::keep_offset(StreamReader& reader) {
  if (!reader.progress || !reader.progress->take_changed()) return;
  offsets_.store(reader.spec.name, reader.progress->done_below(reader.next));
}

void Stream::reader_leaves(Consumer& consumer) {
  keep_offset(*consumer.reader);
  const StreamProgress* progress = consumer.reader->progress.get();
  if (progress == nullptr || progress->is_empty()) return;
  // Of a channel that died with deliveries on their way to it nothing will be heard.
  if (departed_.size() >= limits::stream_departed_max) departed_.pop_front();
  departed_.push_back({consumer.handle, std::move(consumer.reader)});
}

}  // namespace lepus::core
