// Out of memory, and back.
#include "core/queue/backlog/backlog_paging.h"

#include <algorithm>
#include <utility>

namespace lepus::core {

void BacklogPaging::evict_slot(Slot& slot, const RecordLocation& place, bool is_spilled) {
  const MessageRef message = MessageRef::adopt(slot.make_evicted(place, is_spilled));
  CHECK(counts_.bytes >= message->memory_size());
  counts_.bytes -= message->memory_size();
  ++counts_.evicted;
  counts_.evicted_body_bytes += message->body_size();
}

Sequence BacklogPaging::eviction_start(const Range& range, const Eviction& options) const {
  const Sequence from =
      options.memory_pressure
          ? std::max(pressure_below_, slots_.begin())
          : std::max({evicted_below_, range.head + std::min(options.keep, range.end - range.head),
                      requested_below_});
  return std::min(from, range.end);
}

/// What was read back a moment ago does not go again.
bool BacklogPaging::is_wanted_soon(Sequence sequence, Sequence head,
                                   const Eviction& options) const {
  if (sequence == requested_alone_) return true;
  return options.memory_pressure && sequence >= head && sequence < requested_below_;
}

bool BacklogPaging::make_evicted(Sequence sequence, const RecordLocation& place, bool is_spilled) {
  if (slots_.state(sequence) == Slot::State::gone) return false;
  Slot& found = slots_.at(sequence);
  if (found.is_evicted()) return false;
  evict_slot(found, place, is_spilled);
  slots_.compress_behind(sequence);
  return true;
}

bool BacklogPaging::request_fetch(Sequence sequence) {
  const Slot now = slots_.get(sequence);
  if (now.state() == Slot::State::gone || !now.is_evicted() || now.is_fetch_pending()) return false;
  slots_.at(sequence).set_fetch_pending(true);
  if (now.state() == Slot::State::ready) requested_alone_ = sequence;
  return true;
}

void BacklogPaging::cancel_fetch(Sequence sequence) {
  Slot& found = slots_.at(sequence);
  CHECK(found.is_fetch_pending());
  found.set_fetch_pending(false);
}

void BacklogPaging::make_resident(Sequence sequence, MessageRef message) {
  Slot& found = slots_.at(sequence);
  CHECK(found.state() != Slot::State::gone);
  CHECK(message->body_size() == found.body_size());
  counts_.bytes += message->memory_size();
  CHECK(counts_.evicted > 0);
  --counts_.evicted;
  counts_.evicted_body_bytes -= message->body_size();
  found.make_resident(message.detach());
}

void BacklogPaging::move(Sequence sequence, const RecordLocation& place) {
  Slot& found = slots_.at(sequence);
  CHECK(found.state() != Slot::State::gone);
  if (!found.is_evicted()) return found.message()->set_place(place);
  const bool is_fetch_pending = found.is_fetch_pending();
  found.set_evicted(place, found.evicted_body_size(), found.is_spilled());
  found.set_fetch_pending(is_fetch_pending);
  slots_.compress_behind(sequence);
}

}  // namespace lepus::core
