// The two places where a ready message can be: at or above head_, or in returned_.
#include "core/queue/backlog/backlog.h"

#include <algorithm>
#include <functional>
#include <utility>

namespace lepus::core {

namespace {

/// An unacked or retained message stops being one.
void leave_held(BacklogCounts& counts, const Slot& found) {
  --(found.state() == Slot::State::unacked ? counts.unacked : counts.retained);
  counts.held_body_bytes -= found.body_size();
}

}  // namespace

Sequence Backlog::push(MessageRef message) {
  Slot& added = add_slot(next_);
  counts_.bytes += message->memory_size();
  counts_.ready_body_bytes += message->body_size();
  ++counts_.ready;
  added = Slot{message.detach(), State::ready};
  return next_++;
}

void Backlog::continue_at(Sequence next) {
  CHECK(next >= next_);
  next_ = next;
}

void Backlog::restore(Sequence sequence, const RecordLocation& place, std::uint32_t body_size,
                      bool redelivered) {
  CHECK(sequence >= next_);
  CHECK(counts_.unacked == 0);
  Slot& added = add_slot(sequence);
  added.set_evicted(place, body_size, false);
  added.set_state(State::ready);
  ++counts_.ready;
  ++counts_.evicted;
  counts_.ready_body_bytes += body_size;
  counts_.evicted_body_bytes += body_size;
  next_ = sequence + 1;
  note_restored(next_);
  if (redelivered) {
    added.set_redelivered();
    // The mark that says so may lie in a segment that is given up before this message is.
    delivered_below_ = next_;
  }
  slots_.compress_behind(sequence);
}

/// The slot of the next sequence. After a restart there may be a gap before it.
Slot& Backlog::add_slot(Sequence sequence) {
  if (counts_.live() == 0) {
    slots_.reset(sequence);
    head_ = sequence;
  }
  Slot& added = slots_.add(sequence);
  if (head_ < slots_.begin()) head_ = slots_.begin();
  return added;
}

Backlog::Ready Backlog::peek() {
  CHECK(counts_.ready > 0);
  if (!returned_.empty()) {
    const Sequence sequence = returned_.front();
    CHECK(sequence < head_);
    const Slot found = slot_at(sequence);
    return {sequence, found.message(), found.redelivered()};
  }
  const Slot* head = slots_.page(head_).find(slots_.index_of(head_));
  if (head == nullptr || head->state() != State::ready) {
    const auto first = first_undelivered();
    CHECK(first);
    head = &slots_.at(head_);
  }
  return {head_, head->message(), head->redelivered()};
}

/// Moves head_ to the next ready slot; whole pages that are gone are stepped over at once.
std::optional<Sequence> Backlog::first_undelivered() {
  if (counts_.ready == 0) return std::nullopt;
  const Sequence end =
      std::min(next_, slots_.end());  // After a restart next_ may be far behind it.
  while (head_ < end) {
    const SlotPage& page = slots_.page(head_);
    const std::size_t index = slots_.index_of(head_);
    if (page.is_empty()) {
      head_ += SlotPage::size - index;
    } else if (page.state(index) != State::ready) {
      ++head_;
    } else {
      return head_;
    }
  }
  head_ = std::min(head_, next_);
  return std::nullopt;
}

/// A ready message stops being one. Returns the size of its body.
inline std::uint64_t Backlog::leave_ready(Sequence sequence, const Slot& found) {
  CHECK(counts_.ready > 0);
  const std::uint64_t size = found.body_size();
  --counts_.ready;
  counts_.ready_body_bytes -= size;
  if (sequence < head_) take_returned(sequence);
  return size;
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
  Slot& found = slots_.at(sequence);
  CHECK(found.state() == State::ready);
  CHECK(!found.is_evicted());
  CHECK(sequence <= head_);
  counts_.held_body_bytes += leave_ready(sequence, found);
  if (sequence == head_) ++head_;
  found.set_state(State::unacked);
  ++counts_.unacked;
}

void Backlog::retain(Sequence sequence) {
  Slot& found = slots_.at(sequence);
  CHECK(found.state() == State::ready || found.state() == State::unacked);
  if (found.state() == State::ready) {
    (void)leave_ready(sequence, found);
  } else {
    leave_held(counts_, found);
    found.set_redelivered();
  }
  found.set_state(State::retained);
  ++counts_.retained;
  counts_.held_body_bytes += found.body_size();
}

void Backlog::requeue(Sequence sequence) {
  Slot& found = slots_.at(sequence);
  CHECK(found.state() == State::unacked || found.state() == State::retained);
  leave_held(counts_, found);
  if (found.state() == State::unacked) found.set_redelivered();
  found.set_state(State::ready);
  ++counts_.ready;
  counts_.ready_body_bytes += found.body_size();
  if (sequence >= head_) return;
  returned_.push_back(sequence);
  std::push_heap(returned_.begin(), returned_.end(), std::greater<>{});
}

Backlog::Taken Backlog::take(Sequence sequence) {
  Slot& found = slots_.at(sequence);
  CHECK(found.state() != State::gone);
  if (found.state() == State::ready) {
    (void)leave_ready(sequence, found);
  } else {
    leave_held(counts_, found);
  }
  Taken taken{{}, {}, false};
  if (found.is_evicted()) {
    taken.place = found.place();
    taken.is_spilled = found.is_spilled();
    taken.evicted_body_size = found.evicted_body_size();
    --counts_.evicted;
    counts_.evicted_body_bytes -= found.evicted_body_size();
    found = {};
  } else {
    taken.message = MessageRef::adopt(found.take_message());
    taken.place = taken.message->place();
    counts_.bytes -= taken.message->memory_size();
  }
  if (slots_.remove(sequence)) on_page_emptied();
  return taken;
}

/// Memory that nobody needs any more goes.
void Backlog::on_page_emptied() {
  if (head_ < slots_.begin()) head_ = slots_.begin();
  if (counts_.live() > 0) return;
  slots_.reset(next_);
  returned_ = {};
  head_ = next_;
}

}  // namespace lepus::core
