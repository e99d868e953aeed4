// Messages that are on disk only: how they become that, and how they come back.
#include <algorithm>
#include <utility>

#include "core/queue/backlog.h"

namespace lepus::core {

Slot Backlog::slot_at(Sequence sequence) const {
  const SlotPage* page = find_page(sequence);
  return page == nullptr ? Slot{} : page->get(index_of(sequence));
}

void Backlog::restore(Sequence sequence, const RecordPlace& place, std::uint32_t body_size,
                      bool redelivered) {
  CHECK(sequence >= next_);
  CHECK(unacked_count_ == 0);
  Slot& added = add_slot(sequence);
  added.set_cold(place, body_size, false);
  added.set_state(State::ready);
  ++ready_count_;
  ++cold_count_;
  ready_body_bytes_ += body_size;
  next_ = paged_below_ = sequence + 1;
  if (redelivered) {
    added.set_redelivered();
    // The mark that says so may lie in a segment that is given up before this message is.
    seen_below_ = sequence + 1;
  }
  if (index_of(next_) == 0) pages_[page_of(sequence)].compress();
}

void Backlog::cool(Slot& slot, const RecordPlace& place, bool is_paged) {
  const MessageRef message = MessageRef::adopt(slot.make_cold(place, is_paged));
  CHECK(bytes_ >= message->memory_size());
  bytes_ -= message->memory_size();
  ++cold_count_;
}

Sequence Backlog::page_out_from(const PageOut& wish) const {
  const Sequence from =
      wish.is_short
          ? std::max(short_below_, base_)
          : std::max({paged_below_, head_ + std::min(wish.keep, next_ - head_), asked_below_});
  return std::min(from, next_);
}

/// What was read back a moment ago does not go again.
bool Backlog::is_wanted_soon(Sequence sequence, const PageOut& wish) const {
  if (sequence == asked_alone_) return true;
  return wish.is_short && sequence >= head_ && sequence < asked_below_;
}

bool Backlog::make_cold(Sequence sequence, const RecordPlace& place, bool is_paged) {
  if (state(sequence) == State::gone) return false;
  Slot& found = slot(sequence);
  if (found.is_cold()) return false;
  cool(found, place, is_paged);
  if (index_of(sequence) + 1 == page_size) pages_[page_of(sequence)].compress();
  return true;
}

bool Backlog::ask(Sequence sequence) {
  const Slot now = slot_at(sequence);
  if (now.state() == State::gone || !now.is_cold() || now.is_asked()) return false;
  slot(sequence).set_asked(true);
  if (now.state() == State::ready) asked_alone_ = sequence;
  return true;
}

void Backlog::unask(Sequence sequence) {
  Slot& found = slot(sequence);
  CHECK(found.is_asked());
  found.set_asked(false);
}

void Backlog::make_warm(Sequence sequence, MessageRef message) {
  Slot& found = slot(sequence);
  CHECK(found.state() != State::gone);
  CHECK(message->body_size() == found.body_size());
  bytes_ += message->memory_size();
  CHECK(cold_count_ > 0);
  --cold_count_;
  found.make_warm(message.detach());
}

void Backlog::move(Sequence sequence, const RecordPlace& place) {
  Slot& found = slot(sequence);
  CHECK(found.state() != State::gone);
  if (!found.is_cold()) return found.message()->set_place(place);
  const bool is_asked = found.is_asked();
  found.set_cold(place, found.cold_body_size(), found.is_paged());
  found.set_asked(is_asked);
  if (index_of(sequence) + 1 == page_size) pages_[page_of(sequence)].compress();
}

}  // namespace lepus::core
