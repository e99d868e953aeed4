// Slots, pages and the two places where a ready message can be: at or above head_, or in returned_.
#include "core/backlog.h"

#include <algorithm>
#include <functional>
#include <utility>

namespace lepus::core {

Backlog::~Backlog() {
  for (std::size_t i = 0; i < pages_.size(); ++i) {
    if (!pages_[i]) continue;
    for (Slot& slot : pages_[i]->slots)
      if (slot.state != State::gone) (void)MessageRef::adopt(slot.message);
  }
}

Backlog::Slot& Backlog::slot(Sequence sequence) {
  CHECK(sequence >= base_);
  CHECK(sequence < next_);
  const auto offset = static_cast<std::size_t>(sequence - base_);
  Page* page = pages_[offset / limits::backlog_page_slots].get();
  CHECK(page != nullptr);
  return page->slots[offset % limits::backlog_page_slots];
}

/// Null: there is no such slot (any more).
const Backlog::Slot* Backlog::find_slot(Sequence sequence) const {
  if (sequence < base_ || sequence >= next_) return nullptr;
  const auto offset = static_cast<std::size_t>(sequence - base_);
  const std::size_t index = offset / limits::backlog_page_slots;
  if (index >= pages_.size() || !pages_[index]) return nullptr;
  return &pages_[index]->slots[offset % limits::backlog_page_slots];
}

Backlog::State Backlog::state(Sequence sequence) const {
  const Slot* found = find_slot(sequence);
  return found == nullptr ? State::gone : found->state;
}

Message* Backlog::find(Sequence sequence) const {
  const Slot* found = find_slot(sequence);
  if (found == nullptr || found->state == State::gone) return nullptr;
  CHECK(found->message != nullptr);
  return found->message;
}

Sequence Backlog::push(MessageRef message) {
  Slot& added = add_slot(next_);
  bytes_ += message->memory_size();
  ready_body_bytes_ += message->body_size();
  ++ready_count_;
  added = {message.detach(), State::ready, false};
  return next_++;
}

void Backlog::restore(Sequence sequence, MessageRef message, bool redelivered) {
  CHECK(sequence >= next_);
  CHECK(unacked_count_ == 0);
  next_ = sequence;
  CHECK(push(std::move(message)) == sequence);
  slot(sequence).redelivered = redelivered;
  // The mark that says so may lie in a segment that is given up before this message is.
  if (redelivered) seen_below_ = sequence + 1;
}

void Backlog::continue_at(Sequence next) {
  CHECK(next >= next_);
  next_ = next;
}

/// The slot of the next sequence. After a restart there may be a gap before it, whose pages are
/// never made.
Backlog::Slot& Backlog::add_slot(Sequence sequence) {
  if (ready_count_ + unacked_count_ == 0) base_ = head_ = sequence;
  if (sequence - base_ >= pages_.size() * limits::backlog_page_slots) {
    give_back_last_page_if_empty();
    const auto index = static_cast<std::size_t>(sequence - base_) / limits::backlog_page_slots;
    while (pages_.size() < index) pages_.push_back(nullptr);
    pages_.push_back(spare_ ? std::move(spare_) : std::make_unique<Page>());
  }
  const auto offset = static_cast<std::size_t>(sequence - base_);
  Page& page = *pages_[offset / limits::backlog_page_slots];
  ++page.live_count;
  return page.slots[offset % limits::backlog_page_slots];
}

Backlog::Ready Backlog::peek() {
  CHECK(ready_count_ > 0);
  if (!returned_.empty()) {
    const Sequence sequence = returned_.front();
    CHECK(sequence < head_);
    const Slot& found = slot(sequence);
    return {sequence, found.message, found.redelivered};
  }
  skip_gone();
  const Slot& found = slot(head_);
  CHECK(found.state == State::ready);
  return {head_, found.message, found.redelivered};
}

/// Moves head_ to the next ready slot; whole pages that are gone are stepped over at once.
void Backlog::skip_gone() {
  for (;;) {
    const auto offset = static_cast<std::size_t>(head_ - base_);
    const std::size_t index = offset % limits::backlog_page_slots;
    const Page* page = pages_[offset / limits::backlog_page_slots].get();
    if (page == nullptr) {
      head_ += limits::backlog_page_slots - index;
    } else if (page->slots[index].state == State::gone) {
      ++head_;
    } else {
      return;
    }
    CHECK(head_ < next_);
  }
}

void Backlog::deliver(Sequence sequence) {
  Slot& found = slot(sequence);
  CHECK(found.state == State::ready);
  found.state = State::unacked;
  --ready_count_;
  ++unacked_count_;
  ready_body_bytes_ -= found.message->body_size();
  if (sequence >= head_) {
    CHECK(sequence == head_);
    ++head_;
    return;
  }
  CHECK(returned_.front() == sequence);
  std::pop_heap(returned_.begin(), returned_.end(), std::greater<>{});
  returned_.pop_back();
}

MessageRef Backlog::pop(Sequence sequence) {
  deliver(sequence);
  return take(sequence);
}

void Backlog::requeue(Sequence sequence) {
  Slot& found = slot(sequence);
  CHECK(found.state == State::unacked);
  CHECK(sequence < head_);
  found.state = State::ready;
  found.redelivered = true;
  --unacked_count_;
  ++ready_count_;
  ready_body_bytes_ += found.message->body_size();
  returned_.push_back(sequence);
  std::push_heap(returned_.begin(), returned_.end(), std::greater<>{});
}

MessageRef Backlog::take(Sequence sequence) {
  Slot& found = slot(sequence);
  CHECK(found.state != State::gone);
  if (found.state == State::ready) {
    --ready_count_;
    ready_body_bytes_ -= found.message->body_size();
    if (sequence < head_) {
      const auto at = std::find(returned_.begin(), returned_.end(), sequence);
      CHECK(at != returned_.end());
      returned_.erase(at);
      std::make_heap(returned_.begin(), returned_.end(), std::greater<>{});
    }
  } else {
    --unacked_count_;
  }
  found.state = State::gone;
  MessageRef message = MessageRef::adopt(std::exchange(found.message, nullptr));
  bytes_ -= message->memory_size();
  const std::size_t page_index =
      static_cast<std::size_t>(sequence - base_) / limits::backlog_page_slots;
  if (--pages_[page_index]->live_count == 0) {
    // The page that is being filled keeps its place; any other that ran empty goes.
    const bool being_filled = page_index + 1 == pages_.size();
    if (!being_filled) {
      spare_ = std::move(pages_[page_index]);
      drop_front_pages();
    }
  }
  if (ready_count_ + unacked_count_ == 0) {
    pages_.reset();
    spare_.reset();
    returned_ = {};
    base_ = head_ = next_;
  }
  return message;
}

void Backlog::drop_front_pages() {
  while (!pages_.empty() && !pages_.front()) {
    (void)pages_.pop_front();
    base_ += limits::backlog_page_slots;
  }
  if (head_ < base_) head_ = base_;
}

void Backlog::give_back_last_page_if_empty() {
  if (pages_.empty() || !pages_.back() || pages_.back()->live_count > 0) return;
  spare_ = std::move(pages_.back());
  drop_front_pages();
}

}  // namespace lepus::core
