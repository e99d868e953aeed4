// Messages that are on disk only: how they become that, and how they come back.
#include <algorithm>
#include <utility>

#include "core/queue/backlog/backlog.h"

namespace lepus::core {

Slot Backlog::slot_at(Sequence sequence) const {
  const SlotPage* page = find_page(sequence);
  return page == nullptr ? Slot{} : page->get(index_of(sequence));
}

void Backlog::restore(Sequence sequence, const RecordLocation& place, std::uint32_t body_size,
                      bool redelivered) {
  CHECK(sequence >= next_);
  CHECK(unacked_count_ == 0);
  Slot& added = add_slot(sequence);
  added.set_evicted(place, body_size, false);
  added.set_state(State::ready);
  ++ready_count_;
  ++evicted_count_;
  ready_body_bytes_ += body_size;
  next_ = evicted_below_ = sequence + 1;
  if (redelivered) {
    added.set_redelivered();
    // The mark that says so may lie in a segment that is given up before this message is.
    delivered_below_ = sequence + 1;
  }
  if (index_of(next_) == 0) pages_[page_of(sequence)].compress();
}

void Backlog::evict_slot(Slot& slot, const RecordLocation& place, bool is_spilled) {
  const MessageRef message = MessageRef::adopt(slot.make_evicted(place, is_spilled));
  CHECK(bytes_ >= message->memory_size());
  bytes_ -= message->memory_size();
  ++evicted_count_;
}

Sequence Backlog::eviction_start(const Eviction& options) const {
  const Sequence from =
      options.memory_pressure
          ? std::max(pressure_below_, base_)
          : std::max(
                {evicted_below_, head_ + std::min(options.keep, next_ - head_), requested_below_});
  return std::min(from, next_);
}

/// What was read back a moment ago does not go again.
bool Backlog::is_wanted_soon(Sequence sequence, const Eviction& options) const {
  if (sequence == requested_alone_) return true;
  return options.memory_pressure && sequence >= head_ && sequence < requested_below_;
}

bool Backlog::make_evicted(Sequence sequence, const RecordLocation& place, bool is_spilled) {
  if (state(sequence) == State::gone) return false;
  Slot& found = slot(sequence);
  if (found.is_evicted()) return false;
  evict_slot(found, place, is_spilled);
  if (index_of(sequence) + 1 == page_size) pages_[page_of(sequence)].compress();
  return true;
}

bool Backlog::request_fetch(Sequence sequence) {
  const Slot now = slot_at(sequence);
  if (now.state() == State::gone || !now.is_evicted() || now.is_fetch_pending()) return false;
  slot(sequence).set_fetch_pending(true);
  if (now.state() == State::ready) requested_alone_ = sequence;
  return true;
}

void Backlog::cancel_fetch(Sequence sequence) {
  Slot& found = slot(sequence);
  CHECK(found.is_fetch_pending());
  found.set_fetch_pending(false);
}

void Backlog::make_resident(Sequence sequence, MessageRef message) {
  Slot& found = slot(sequence);
  CHECK(found.state() != State::gone);
  CHECK(message->body_size() == found.body_size());
  bytes_ += message->memory_size();
  CHECK(evicted_count_ > 0);
  --evicted_count_;
  found.make_resident(message.detach());
}

void Backlog::move(Sequence sequence, const RecordLocation& place) {
  Slot& found = slot(sequence);
  CHECK(found.state() != State::gone);
  if (!found.is_evicted()) return found.message()->set_place(place);
  const bool is_fetch_pending = found.is_fetch_pending();
  found.set_evicted(place, found.evicted_body_size(), found.is_spilled());
  found.set_fetch_pending(is_fetch_pending);
  if (index_of(sequence) + 1 == page_size) pages_[page_of(sequence)].compress();
}

}  // namespace lepus::core
