// A queue's messages by priority: one backlog per level, the highest level that has ready messages
// goes first. Without x-max-priority there is level 0 alone. Levels cost nothing until they are
// used; a bitmap finds the highest one.
//
//   sequence handed out = level << 56 | sequence in its backlog: whoever settles a message need not
//   know about levels, and messages of different levels are never neighbours in a range.
#pragma once

#include <array>
#include <bit>
#include <cstdint>
#include <memory>
#include <vector>

#include "core/backlog.h"

namespace lepus::core {

class Levels {
 public:
  /// `level_max`: 0..255 (x-max-priority). Higher priorities count as level_max.
  explicit Levels(std::uint8_t level_max) : level_max_(level_max) {}

  Sequence push(MessageRef message);
  Backlog::Ready peek();
  void deliver(Sequence sequence);
  MessageRef pop(Sequence sequence);
  MessageRef take(Sequence sequence);
  void requeue(Sequence sequence);
  /// After a restart; see Backlog.
  void restore(Sequence sequence, MessageRef message, bool redelivered);
  void continue_at(Sequence next);
  template <class F>
  void for_each(F&& visit) const;
  /// Deliveries below were announced before the restart.
  void restore_announced(Sequence below) { level_of(below).set_seen_below(below & inner_mask); }
  /// The message at `sequence` is about to be delivered. Returns up to where deliveries are now
  /// to be announced, or 0 when enough is announced already.
  Sequence announce(Sequence sequence);
  /// Calls visit(below) for each level with announced deliveries and messages left. What was
  /// announced of an empty level is forgotten: it may cover messages to come.
  template <class F>
  void for_each_announced(F&& visit);
  Backlog::State state(Sequence sequence) const;
  Message* find(Sequence sequence) const;

  std::uint64_t ready_count() const { return ready_count_; }
  std::uint64_t unacked_count() const { return unacked_count_; }
  std::uint64_t ready_body_bytes() const;

 private:
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

template <class F>
void Levels::for_each(F&& visit) const {
  lowest_.for_each(visit);
  for (const auto& backlog : higher_)
    if (backlog) backlog->for_each(visit);
}

template <class F>
void Levels::for_each_announced(F&& visit) {
  for (std::size_t number = 0; number <= higher_.size(); ++number) {
    if (number > 0 && higher_[number - 1] == nullptr) continue;
    Backlog& backlog = number == 0 ? lowest_ : *higher_[number - 1];
    if (backlog.seen_below() == 0) continue;
    if (backlog.ready_count() + backlog.unacked_count() > 0) {
      visit(Sequence{number} << level_shift | backlog.seen_below());
    } else {
      backlog.set_seen_below(0);
    }
  }
}

}  // namespace lepus::core
