// Slots, pages and the two places where a ready message can be: at or above head_, or in returned_.
// What is not in memory: backlog_evicted.cpp.
#include "core/queue/backlog/backlog.h"

#include <algorithm>
#include <functional>
#include <utility>

namespace lepus::core {

Backlog::~Backlog() {
  for (std::size_t i = 0; i < pages_.size(); ++i) {
    if (pages_[i].is_empty() || pages_[i].is_run()) continue;
    for (std::size_t index = 0; index < page_size; ++index) {
      Slot& slot = pages_[i].at(index);
      if (slot.state() != State::gone && !slot.is_evicted())
        (void)MessageRef::adopt(slot.take_message());
    }
  }
}

Slot& Backlog::slot(Sequence sequence) {
  CHECK(sequence >= base_);
  CHECK(sequence < next_);
  return pages_[page_of(sequence)].at(index_of(sequence));
}

/// Null: there is no such page (any more).
const SlotPage* Backlog::find_page(Sequence sequence) const {
  if (sequence < base_ || sequence >= next_) return nullptr;
  const std::size_t index = page_of(sequence);
  return index < pages_.size() && !pages_[index].is_empty() ? &pages_[index] : nullptr;
}

Backlog::State Backlog::state(Sequence sequence) const {
  const SlotPage* page = find_page(sequence);
  return page == nullptr ? State::gone : page->state(index_of(sequence));
}

Sequence Backlog::push(MessageRef message) {
  Slot& added = add_slot(next_);
  bytes_ += message->memory_size();
  ready_body_bytes_ += message->body_size();
  ++ready_count_;
  added = Slot{message.detach(), State::ready};
  return next_++;
}

void Backlog::continue_at(Sequence next) {
  CHECK(next >= next_);
  next_ = next;
}

/// The slot of the next sequence. After a restart there may be a gap before it, whose pages are
/// never made.
Slot& Backlog::add_slot(Sequence sequence) {
  if (live_count() == 0) base_ = head_ = sequence;
  if (sequence - base_ >= pages_.size() * page_size) {
    give_back_last_page_if_empty();
    const auto index = page_of(sequence);
    while (pages_.size() <= index) pages_.push_back({});
    pages_.back().open(std::move(spare_));
  }
  SlotPage& page = pages_[page_of(sequence)];
  ++page.live_count;
  return page.at(index_of(sequence));
}

Backlog::Ready Backlog::peek() {
  CHECK(ready_count_ > 0);
  if (!returned_.empty()) {
    const Sequence sequence = returned_.front();
    CHECK(sequence < head_);
    const Slot found = slot_at(sequence);
    return {sequence, found.message(), found.redelivered()};
  }
  const Slot* head = pages_[page_of(head_)].find(index_of(head_));
  if (head == nullptr || head->state() != State::ready) {
    skip_gone();
    head = &pages_[page_of(head_)].at(index_of(head_));
  }
  return {head_, head->message(), head->redelivered()};
}

/// Moves head_ to the next ready slot; whole pages that are gone are stepped over at once.
void Backlog::skip_gone() {
  for (;;) {
    const SlotPage& page = pages_[page_of(head_)];
    const std::size_t index = index_of(head_);
    if (page.is_empty()) {
      head_ += page_size - index;
    } else if (page.state(index) != State::ready) {
      ++head_;
    } else {
      return;
    }
    CHECK(head_ < next_);
  }
}

/// A ready message stops being one.
void Backlog::leave_ready(Sequence sequence, const Slot& found) {
  CHECK(ready_count_ > 0);
  --ready_count_;
  ready_body_bytes_ -= found.body_size();
  if (sequence < head_) take_returned(sequence);
}

/// Its slot is about to say so. What leaves the middle of the heap stays in it until it comes to
/// the front, which is ready always.
void Backlog::take_returned(Sequence sequence) {
  CHECK(!returned_.empty());
  if (returned_.front() != sequence) return;
  do {
    std::pop_heap(returned_.begin(), returned_.end(), std::greater<>{});
    returned_.pop_back();
  } while (!returned_.empty() &&
           (returned_.front() == sequence || state(returned_.front()) != State::ready));
}

void Backlog::deliver(Sequence sequence) {
  Slot& found = slot(sequence);
  CHECK(found.state() == State::ready);
  CHECK(!found.is_evicted());
  CHECK(sequence <= head_);
  leave_ready(sequence, found);
  if (sequence == head_) ++head_;
  found.set_state(State::unacked);
  ++unacked_count_;
}

void Backlog::retain(Sequence sequence) {
  Slot& found = slot(sequence);
  CHECK(found.state() == State::ready || found.state() == State::unacked);
  if (found.state() == State::ready) {
    leave_ready(sequence, found);
  } else {
    --unacked_count_;
  }
  found.set_state(State::retained);
  ++retained_count_;
}

void Backlog::requeue(Sequence sequence) {
  Slot& found = slot(sequence);
  CHECK(found.state() == State::unacked || found.state() == State::retained);
  CHECK(sequence < head_);
  --(found.state() == State::unacked ? unacked_count_ : retained_count_);
  found.set_state(State::ready);
  found.set_redelivered();
  ++ready_count_;
  ready_body_bytes_ += found.body_size();
  returned_.push_back(sequence);
  std::push_heap(returned_.begin(), returned_.end(), std::greater<>{});
}

Backlog::Taken Backlog::take(Sequence sequence) {
  Slot& found = slot(sequence);
  CHECK(found.state() != State::gone);
  if (found.state() == State::ready) {
    leave_ready(sequence, found);
  } else {
    --(found.state() == State::unacked ? unacked_count_ : retained_count_);
  }
  Taken taken{{}, {}, false};
  if (found.is_evicted()) {
    taken.place = found.place();
    taken.is_spilled = found.is_spilled();
    --evicted_count_;
    found = {};
  } else {
    taken.message = MessageRef::adopt(found.take_message());
    taken.place = taken.message->place();
    bytes_ -= taken.message->memory_size();
  }
  const std::size_t index = page_of(sequence);
  CHECK(pages_[index].live_count > 0);
  if (--pages_[index].live_count == 0) drop_page(index);
  return taken;
}

/// Its slots are gone; memory that nobody needs any more goes, too.
void Backlog::drop_page(std::size_t index) {
  // The page that is being filled keeps its place; any other that ran empty goes.
  const bool being_filled = index + 1 == pages_.size();
  if (!being_filled) {
    spare_ = pages_[index].close();
    drop_front_pages();
  }
  if (live_count() > 0) return;
  pages_.reset();
  spare_.reset();
  returned_ = {};
  base_ = head_ = next_;
}

void Backlog::drop_front_pages() {
  while (!pages_.empty() && pages_.front().is_empty()) {
    (void)pages_.pop_front();
    base_ += page_size;
  }
  if (head_ < base_) head_ = base_;
}

void Backlog::give_back_last_page_if_empty() {
  if (pages_.empty() || pages_.back().is_empty() || pages_.back().live_count > 0) return;
  spare_ = pages_.back().close();
  drop_front_pages();
}

}  // namespace lepus::core
