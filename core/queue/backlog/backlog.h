// What a queue holds: every message from its arrival until it is settled, in order of arrival.
//
//   sequence:   base ........ head ............ next
//               | unacked, gone | ready, gone    |          returned: ready again, below head
//
// Messages sit in pages of slots (core/queue/backlog/slot_page.h); a page whose slots are all gone
// is given back, so one old unacked message pins one page and a few words per later page, not the
// messages after it. A requeued message keeps its slot: it goes out again at its original position,
// before everything younger. An empty backlog owns no memory.
//
// A message that is recorded on disk can be evicted: its slot has the place of the record instead.
//
//   head ... requested_below ............ evicted_below ............ next
//   | here or asked for     | evicted                   | in memory  |   backlog_evicted.cpp
#pragma once

#include <algorithm>
#include <cstdint>
#include <memory>
#include <type_traits>
#include <vector>

#include "core/base/ids.h"
#include "core/base/ring_buffer.h"
#include "core/limits.h"
#include "core/message/message.h"
#include "core/queue/backlog/slot_page.h"

namespace lepus::core {

/// Position of a message in its queue; given once, never reused.
using Sequence = std::uint64_t;

struct QueuePosition {
  QueueId queue;
  Sequence sequence = 0;
};

class Backlog {
 public:
  struct Ready {
    Sequence sequence;
    Message* message;  ///< Still owned by the backlog. Null: evicted.
    bool redelivered;
  };
  using State = Slot::State;
  /// What was taken out.
  struct Taken {
    MessageRef message;    ///< Null: it was evicted, and lies at `place`.
    RecordLocation place;  ///< Of its record; of a message in memory, what that says.
    bool is_spilled;       ///< The record only saved memory.
  };

  Backlog() = default;
  Backlog(const Backlog&) = delete;
  Backlog& operator=(const Backlog&) = delete;
  ~Backlog();

  Sequence push(MessageRef message);

  /// The next message to go out; there must be one.
  Ready peek();
  /// Moves what peek() showed to unacked. It must be in memory.
  void deliver(Sequence sequence);
  /// Takes a message out for good wherever it is: delivered without acknowledgement, acknowledged,
  /// dropped, expired in the middle.
  Taken take(Sequence sequence);
  /// Ready or unacked -> retained: it counts no more, and stays until it is taken or requeued.
  void retain(Sequence sequence);
  /// Unacked or retained -> ready at its original position, flagged redelivered.
  void requeue(Sequence sequence);
  /// After a restart, in order of the sequences and before anything is pushed: ready at its place.
  void restore(Sequence sequence, const RecordLocation& place, std::uint32_t body_size,
               bool redelivered);
  /// Sequences below this one were given out before the restart.
  void continue_at(Sequence next);

  // --- Evicted messages: backlog_evicted.cpp

  /// What is here at this position; a slot that is gone: nothing.
  Slot slot_at(Sequence sequence) const;
  struct Eviction {
    bool memory_pressure = false;  ///< Also what is near the head, and below it.
    bool appends = false;          ///< Also what has no record yet.
    bool is_recorded = false;      ///< Persistent ones with a place have a record for this queue.
    bool all_recorded = false;     ///< Others, too.
    RecordLocation written_end;    ///< Records before this place can be read.
    std::uint32_t count = 0;       ///< Slots to look at.
    std::uint64_t keep = 0;        ///< Messages from the head on that stay, unless memory_pressure.
  };
  /// Gives the memory of messages up, beginning where the last call ended. Those without a record
  /// are offered to record(sequence, Message&), which may refuse (false: this ends). Returns how
  /// many it went over.
  template <class F>
  std::uint32_t evict(const Eviction& options, F&& record);
  /// From the start, the next time: memory is no longer short.
  void restart_under_pressure() { pressure_below_ = 0; }
  /// Its content is at `place` from now on; nothing when it is not in memory.
  bool make_evicted(Sequence sequence, const RecordLocation& place, bool is_spilled);
  /// Goes from the head on and marks up to `count` evicted messages, of `bytes` altogether, as
  /// asked for: visit(sequence, place). Nothing is looked at further from the head than
  /// limits::read_ahead_count.
  template <class F>
  void request_ahead(std::uint32_t count, std::uint64_t bytes, F&& visit);
  /// False: it is asked for already, or in memory, or gone.
  bool request_fetch(Sequence sequence);
  /// The answer did not help: it may be asked for again.
  void cancel_fetch(Sequence sequence);
  /// The content of an evicted message.
  void make_resident(Sequence sequence, MessageRef message);
  /// Its record was written again, elsewhere.
  void move(Sequence sequence, const RecordLocation& place);
  std::uint64_t evicted_count() const { return evicted_count_; }
  /// In memory, ready, unacked or retained.
  std::uint64_t resident_count() const { return live_count() - evicted_count_; }

  /// Everything in here: visit(sequence, Slot). If that returns a bool, it ends where it is false.
  template <class F>
  void for_each(F&& visit) const;

  /// Below this one, messages may have been delivered, and the journal knows.
  Sequence delivered_below() const { return delivered_below_; }
  void set_delivered_below(Sequence sequence) { delivered_below_ = sequence; }

  /// Above every sequence given out.
  Sequence end() const { return next_; }
  State state(Sequence sequence) const;
  std::uint64_t ready_count() const { return ready_count_; }
  std::uint64_t unacked_count() const { return unacked_count_; }
  std::uint64_t live_count() const { return ready_count_ + unacked_count_ + retained_count_; }
  std::uint64_t bytes() const { return bytes_; }  ///< Memory of the messages that are in memory.
  std::uint64_t ready_body_bytes() const { return ready_body_bytes_; }

 private:
  static constexpr std::size_t page_size = SlotPage::size;

  std::size_t page_of(Sequence sequence) const {
    return static_cast<std::size_t>(sequence - base_) / page_size;
  }
  static_assert((page_size & (page_size - 1)) == 0);
  std::size_t index_of(Sequence sequence) const {
    return static_cast<std::size_t>(sequence - base_) % page_size;
  }
  /// Above every slot there is; next_ may be further after a restart.
  Sequence slots_end() const { return std::min(next_, base_ + pages_.size() * page_size); }
  Slot& slot(Sequence sequence);
  const SlotPage* find_page(Sequence sequence) const;
  Slot& add_slot(Sequence sequence);
  void skip_gone();
  void drop_front_pages();
  void give_back_last_page_if_empty();
  void take_returned(Sequence sequence);
  void drop_page(std::size_t index);
  void leave_ready(Sequence sequence, const Slot& slot);
  void evict_slot(Slot& slot, const RecordLocation& place, bool is_spilled);
  Sequence eviction_start(const Eviction& options) const;
  bool is_wanted_soon(Sequence sequence, const Eviction& options) const;

  RingBuffer<SlotPage> pages_;
  /// Kept while the backlog is not empty: pages come and go all the time.
  std::unique_ptr<SlotPage::Slots> spare_;
  /// Min-heap of the ready sequences below head_, and of some that were there and are not ready any
  /// more; the first one is.
  std::vector<Sequence> returned_;
  Sequence base_ = 0;  ///< Of the first slot of pages_[0].
  Sequence head_ = 0;  ///< Everything at or above it that is not gone is ready.
  Sequence next_ = 0;
  Sequence delivered_below_ = 0;
  Sequence evicted_below_ = 0;             ///< evict() goes on here.
  Sequence pressure_below_ = 0;            ///< The same, while memory is short.
  Sequence requested_below_ = 0;           ///< request_ahead() goes on here.
  Sequence requested_alone_ = UINT64_MAX;  ///< The last one of request_fetch(), to go out next.
  std::uint64_t ready_count_ = 0;
  std::uint64_t unacked_count_ = 0;
  std::uint64_t retained_count_ = 0;
  std::uint64_t evicted_count_ = 0;
  std::uint64_t bytes_ = 0;
  std::uint64_t ready_body_bytes_ = 0;
};

template <class F>
void Backlog::for_each(F&& visit) const {
  for (std::size_t i = 0; i < pages_.size(); ++i) {
    if (pages_[i].is_empty()) continue;
    for (std::size_t index = 0; index < page_size; ++index) {
      const Slot found = pages_[i].get(index);
      if (found.state() == State::gone) continue;
      const Sequence sequence = base_ + i * page_size + index;
      if constexpr (std::is_same_v<decltype(visit(sequence, found)), bool>) {
        if (!visit(sequence, found)) return;
      } else {
        visit(sequence, found);
      }
    }
  }
}

template <class F>
std::uint32_t Backlog::evict(const Eviction& options, F&& record) {
  std::uint32_t count = 0;
  Sequence& cursor = options.memory_pressure ? pressure_below_ : evicted_below_;
  cursor = eviction_start(options);
  const Sequence end = slots_end();
  while (cursor < end && count < options.count) {
    SlotPage& page = pages_[page_of(cursor)];
    const std::size_t index = index_of(cursor);
    if (page.is_empty() || page.is_run()) {
      cursor += page_size - index;
      ++count;
      continue;
    }
    Slot& slot = page.at(index);
    const bool is_resident = slot.state() != State::gone && !slot.is_evicted();
    if (is_resident && !is_wanted_soon(cursor, options)) {
      const RecordLocation place = slot.message()->place();
      const bool has_record =
          options.is_recorded && place && (options.all_recorded || slot.message()->persistent());
      if (has_record && !(place < options.written_end)) break;
      if (has_record) {
        evict_slot(slot, place, false);
      } else if (options.appends && !record(cursor, *slot.message())) {
        break;
      }
    }
    ++cursor;
    ++count;
    if (index + 1 == page_size) page.compress();
  }
  return count;
}

template <class F>
void Backlog::request_ahead(std::uint32_t count, std::uint64_t bytes, F&& visit) {
  if (ready_count_ == 0) return;
  if (requested_below_ < head_) requested_below_ = head_;
  const Sequence end = std::min(slots_end(), head_ + limits::read_ahead_count);
  std::uint64_t asked_bytes = 0;
  for (; requested_below_ < end && count > 0 && asked_bytes < bytes; ++requested_below_) {
    SlotPage& page = pages_[page_of(requested_below_)];
    const std::size_t index = index_of(requested_below_);
    if (page.state(index) != State::ready) continue;
    Slot& slot = page.at(index);
    if (!slot.is_evicted() || slot.is_fetch_pending()) continue;
    slot.set_fetch_pending(true);
    asked_bytes += slot.place().size;
    --count;
    visit(requested_below_, slot.place());
  }
}

}  // namespace lepus::core
