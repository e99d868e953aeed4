// A queue's messages by priority: one backlog per level, the highest level that has ready messages
// goes first. Without x-max-priority there is level 0 alone. A level costs nothing until it is
// used; a bitmap finds the highest one.
//
//   sequence handed out = level << 56 | sequence in its backlog: whoever settles a message need not
//   know about levels, and messages of different levels are never neighbours in a range.
#pragma once

#include <algorithm>
#include <array>
#include <bit>
#include <cstdint>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include "core/queue/backlog/backlog.h"

namespace lepus::core {

class PriorityBacklog {
 public:
  /// `level_max`: 0..255 (x-max-priority). Higher priorities count as level_max.
  explicit PriorityBacklog(std::uint8_t level_max) : level_max_(level_max) {}

  Sequence push(MessageRef message);
  Backlog::Ready peek();
  void deliver(Sequence sequence);
  Backlog::Taken take(Sequence sequence);
  void retain(Sequence sequence);
  void requeue(Sequence sequence);
  /// After a restart; see Backlog.
  void restore(Sequence sequence, const RecordLocation& place, std::uint32_t body_size,
               bool redelivered);
  void continue_at(Sequence next);
  /// visit(sequence, Slot)
  template <class F>
  void for_each(F&& visit) const;

  // --- Evicted messages; see Backlog
  Slot slot_at(Sequence sequence) const;
  template <class F>
  std::uint32_t evict(Backlog::Eviction options, F&& record);
  void restart_under_pressure();
  bool make_evicted(Sequence sequence, const RecordLocation& place, bool is_spilled) {
    return level_of(sequence).make_evicted(sequence & inner_mask, place, is_spilled);
  }
  template <class F>
  void request_ahead(std::uint32_t count, std::uint64_t bytes, F&& visit);
  bool request_fetch(Sequence sequence) {
    return level_of(sequence).request_fetch(sequence & inner_mask);
  }
  void cancel_fetch(Sequence sequence) { level_of(sequence).cancel_fetch(sequence & inner_mask); }
  void make_resident(Sequence sequence, MessageRef message) {
    level_of(sequence).make_resident(sequence & inner_mask, std::move(message));
  }
  void move(Sequence sequence, const RecordLocation& place) {
    level_of(sequence).move(sequence & inner_mask, place);
  }
  std::uint64_t resident_count() const;
  std::uint64_t evicted_count() const;
  std::uint64_t bytes() const;
  /// Deliveries below were announced before the restart.
  void restore_watermark(Sequence below) {
    level_of(below).set_delivered_below(below & inner_mask);
  }
  /// The message at `sequence` is about to be delivered. Returns up to where deliveries are now
  /// to be announced, or 0 when enough is announced already.
  Sequence advance_watermark(Sequence sequence);
  /// Calls visit(below) for each level with announced deliveries and messages left. What was
  /// announced of an empty level is forgotten: it may cover messages to come.
  template <class F>
  void for_each_watermark(F&& visit);
  Backlog::State state(Sequence sequence) const;
  /// Above every sequence given out to a message of this level.
  Sequence end(std::uint8_t number = 0) const {
    const Backlog* backlog = find_level(number);
    return Sequence{number} << level_shift | (backlog == nullptr ? 0 : backlog->end());
  }
  /// The next message to go out of the level in which `end` is, if it lies before that.
  std::optional<Sequence> first_ready_below(Sequence end);

  std::uint64_t ready_count() const { return ready_count_; }
  std::uint64_t unacked_count() const { return unacked_count_; }
  std::uint64_t ready_body_bytes() const;

 private:
  /// visit(level number, Backlog&), the highest first.
  template <class Self, class F>
  static void for_each_level(Self& self, F&& visit);

  static constexpr unsigned level_shift = 56;
  static constexpr Sequence inner_mask = (Sequence{1} << level_shift) - 1;

  Backlog& level_of(Sequence sequence);
  Backlog& level(std::uint8_t number);
  const Backlog* find_level(std::uint8_t number) const;
  std::uint8_t highest_ready() const;
  void note_ready(std::uint8_t number, bool ready);

  Backlog lowest_;
  std::vector<std::unique_ptr<Backlog>> higher_;  ///< Level n at n - 1; empty until used.
  std::array<std::uint64_t, 4> ready_levels_{};   ///< Bit per level with ready messages.
  std::uint64_t ready_count_ = 0;
  std::uint64_t unacked_count_ = 0;
  std::uint8_t level_max_;
};

template <class Self, class F>
void PriorityBacklog::for_each_level(Self& self, F&& visit) {
  for (std::size_t number = self.higher_.size(); number > 0; --number)
    if (self.higher_[number - 1] != nullptr) visit(number, *self.higher_[number - 1]);
  visit(std::size_t{0}, self.lowest_);
}

template <class F>
void PriorityBacklog::for_each(F&& visit) const {
  for_each_level(*this, [&](std::size_t number, const Backlog& backlog) {
    const Sequence prefix = Sequence{number} << level_shift;
    backlog.for_each([&](Sequence inner, const Slot& slot) { return visit(prefix | inner, slot); });
  });
}

/// What is consumed last goes first.
template <class F>
std::uint32_t PriorityBacklog::evict(Backlog::Eviction options, F&& record) {
  std::uint32_t count = 0;
  for (std::size_t number = 0; number <= higher_.size() && options.count > 0; ++number) {
    if (number > 0 && higher_[number - 1] == nullptr) continue;
    Backlog& backlog = number == 0 ? lowest_ : *higher_[number - 1];
    const Sequence prefix = Sequence{number} << level_shift;
    const std::uint32_t done = backlog.evict(options, [&](Sequence inner, const Message& message) {
      return record(prefix | inner, message);
    });
    options.count -= done;
    count += done;
  }
  return count;
}

template <class F>
void PriorityBacklog::request_ahead(std::uint32_t count, std::uint64_t bytes, F&& visit) {
  for_each_level(*this, [&](std::size_t number, Backlog& backlog) {
    const Sequence prefix = Sequence{number} << level_shift;
    if (count == 0 || bytes == 0) return;
    backlog.request_ahead(count, bytes, [&](Sequence inner, const RecordLocation& place) {
      --count;
      bytes -= std::min<std::uint64_t>(bytes, place.size);
      visit(prefix | inner, place);
    });
  });
}

template <class F>
void PriorityBacklog::for_each_watermark(F&& visit) {
  for (std::size_t number = 0; number <= higher_.size(); ++number) {
    if (number > 0 && higher_[number - 1] == nullptr) continue;
    Backlog& backlog = number == 0 ? lowest_ : *higher_[number - 1];
    if (backlog.delivered_below() == 0) continue;
    if (backlog.live_count() > 0) {
      visit(Sequence{number} << level_shift | backlog.delivered_below());
    } else {
      backlog.set_delivered_below(0);
    }
  }
}

}  // namespace lepus::core
