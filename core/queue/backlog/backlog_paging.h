// The messages of a backlog that are on disk only: how they become that, and how they come back. A
// message that is recorded on disk can be evicted: its slot has the place of the record instead.
//
//   head ... requested_below ............ evicted_below ............ end
//   | here or asked for     | evicted                   | in memory  |
#pragma once

#include <algorithm>
#include <cstdint>

#include "core/limits.h"
#include "core/queue/backlog/slot_table.h"

namespace lepus::core {

/// Of a backlog, in messages unless they say bytes.
struct BacklogCounts {
  std::uint64_t ready = 0;
  std::uint64_t unacked = 0;
  std::uint64_t retained = 0;
  std::uint64_t evicted = 0;
  std::uint64_t bytes = 0;  ///< Memory of the messages that are in memory.
  // Of bodies, on disk only or not.
  std::uint64_t ready_body_bytes = 0;
  std::uint64_t held_body_bytes = 0;     ///< Unacked or retained.
  std::uint64_t evicted_body_bytes = 0;  ///< Of those that are on disk only.

  BacklogCounts& operator+=(const BacklogCounts& other) {
    ready += other.ready;
    unacked += other.unacked;
    retained += other.retained;
    evicted += other.evicted;
    bytes += other.bytes;
    ready_body_bytes += other.ready_body_bytes;
    held_body_bytes += other.held_body_bytes;
    evicted_body_bytes += other.evicted_body_bytes;
    return *this;
  }
  std::uint64_t live() const { return ready + unacked + retained; }
  /// In memory, ready, unacked or retained.
  std::uint64_t resident() const { return live() - evicted; }
  std::uint64_t resident_body_bytes() const {
    return ready_body_bytes + held_body_bytes - evicted_body_bytes;
  }
};

class BacklogPaging {
 public:
  struct Eviction {
    bool memory_pressure = false;  ///< Also what is near the head, and below it.
    bool appends = false;          ///< Also what has no record yet.
    bool is_recorded = false;      ///< Persistent ones with a place have a record for this queue.
    bool all_recorded = false;     ///< Others, too.
    RecordLocation written_end;    ///< Records before this place can be read.
    std::uint32_t count = 0;       ///< Slots to look at.
    std::uint64_t keep = 0;        ///< Messages from the head on that stay, unless memory_pressure.
  };
  /// Where the ready messages are: from the head to the end, and some before.
  struct Range {
    Sequence head;
    Sequence end;
  };

  /// Gives the memory of messages up, beginning where the last call ended. Those without a record
  /// are offered to record(sequence, Message&), which may refuse (false: this ends). Returns how
  /// many it went over.
  template <class F>
  std::uint32_t evict(const Range& range, const Eviction& options, F&& record);
  /// From the start, the next time: memory is no longer short.
  void restart_under_pressure() { pressure_below_ = 0; }
  /// After a restart: what is before `end` is on disk only.
  void note_restored(Sequence end) { evicted_below_ = end; }
  /// Its content is at `place` from now on; nothing when it is not in memory.
  bool make_evicted(Sequence sequence, const RecordLocation& place, bool is_spilled);

  /// Goes from the head on and marks up to `count` evicted messages, of `bytes` altogether, as
  /// asked for: visit(sequence, place). Nothing is looked at further from the head than
  /// limits::read_ahead_count.
  template <class F>
  void request_ahead(const Range& range, std::uint32_t count, std::uint64_t bytes, F&& visit);
  /// False: it is asked for already, or in memory, or gone.
  bool request_fetch(Sequence sequence);
  /// The answer did not help: it may be asked for again.
  void cancel_fetch(Sequence sequence);
  /// The content of an evicted message.
  void make_resident(Sequence sequence, MessageRef message);
  /// Its record was written again, elsewhere.
  void move(Sequence sequence, const RecordLocation& place);

 protected:
  /// A part of a Backlog, as its base: a reference of each to the other is much in an idle queue.
  BacklogPaging() = default;
  ~BacklogPaging() = default;

  SlotTable slots_;
  BacklogCounts counts_;

 private:
  void evict_slot(Slot& slot, const RecordLocation& place, bool is_spilled);
  Sequence eviction_start(const Range& range, const Eviction& options) const;
  bool is_wanted_soon(Sequence sequence, Sequence head, const Eviction& options) const;

  Sequence evicted_below_ = 0;             ///< evict() goes on here.
  Sequence pressure_below_ = 0;            ///< The same, while memory is short.
  Sequence requested_below_ = 0;           ///< request_ahead() goes on here.
  Sequence requested_alone_ = UINT64_MAX;  ///< The last one of request_fetch(), to go out next.
};

template <class F>
std::uint32_t BacklogPaging::evict(const Range& range, const Eviction& options, F&& record) {
  std::uint32_t count = 0;
  Sequence& cursor = options.memory_pressure ? pressure_below_ : evicted_below_;
  cursor = eviction_start(range, options);
  const Sequence end = std::min(range.end, slots_.end());
  while (cursor < end && count < options.count) {
    SlotPage& page = slots_.page(cursor);
    const std::size_t index = slots_.index_of(cursor);
    if (page.is_empty() || page.is_run()) {
      cursor += SlotPage::size - index;
      ++count;
      continue;
    }
    Slot& slot = page.at(index);
    const bool is_resident = slot.state() != Slot::State::gone && !slot.is_evicted();
    if (is_resident && !is_wanted_soon(cursor, range.head, options)) {
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
    if (index + 1 == SlotPage::size) page.compress();
  }
  return count;
}

template <class F>
void BacklogPaging::request_ahead(const Range& range, std::uint32_t count, std::uint64_t bytes,
                                  F&& visit) {
  if (counts_.ready == 0) return;
  if (requested_below_ < range.head) requested_below_ = range.head;
  const Sequence end = std::min({range.end, slots_.end(), range.head + limits::read_ahead_count});
  std::uint64_t asked_bytes = 0;
  for (; requested_below_ < end && count > 0 && asked_bytes < bytes; ++requested_below_) {
    SlotPage& page = slots_.page(requested_below_);
    const std::size_t index = slots_.index_of(requested_below_);
    if (page.state(index) != Slot::State::ready) continue;
    Slot& slot = page.at(index);
    if (!slot.is_evicted() || slot.is_fetch_pending()) continue;
    slot.set_fetch_pending(true);
    asked_bytes += slot.place().size;
    --count;
    visit(requested_below_, slot.place());
  }
}

}  // namespace lepus::core
