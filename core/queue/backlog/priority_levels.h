// One backlog for each priority level of a queue. Level 0 is always there; the others cost nothing
// in a queue without priorities, and little until they are used. A bitmap finds the highest level
// that has ready messages.
//
//   sequence handed out = level << 56 | sequence in its backlog
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

#include "core/queue/backlog/backlog.h"

namespace lepus::core {

class PriorityLevels {
 public:
  static constexpr unsigned shift = 56;
  static constexpr Sequence inner_mask = (Sequence{1} << shift) - 1;
  static std::uint8_t number_of(Sequence sequence) {
    return static_cast<std::uint8_t>(sequence >> shift);
  }
  static Sequence prefix_of(std::size_t number) { return Sequence{number} << shift; }

  /// `max`: the highest level, 0..255.
  explicit PriorityLevels(std::uint8_t max) {
    if (max == 0) return;
    higher_ = std::make_unique<Higher>();
    higher_->max = max;
  }

  std::uint8_t max() const { return higher_ ? higher_->max : 0; }
  /// Makes it if it is not there; up to max().
  Backlog& level(std::uint8_t number) { return number == 0 ? lowest_ : higher_level(number); }
  Backlog& level_of(Sequence sequence) { return level(number_of(sequence)); }
  /// Null: the level was not used yet.
  const Backlog* find(std::uint8_t number) const {
    return number == 0 ? &lowest_ : find_higher(number);
  }
  /// Calls visit(number, Backlog&) for each level in use, the highest first.
  template <class F>
  void for_each(F&& visit) {
    for_each_of(*this, visit);
  }
  template <class F>
  void for_each(F&& visit) const {
    for_each_of(*this, visit);
  }

  /// The level has ready messages, or has none.
  void note_ready(std::uint8_t number, bool ready) {
    if (higher_) higher_->note_ready(number, ready);
  }
  /// The highest level that was said to have ready messages; 0 if none was.
  std::uint8_t highest_ready() const { return higher_ ? higher_->highest_ready() : 0; }

 private:
  struct Higher {
    std::vector<std::unique_ptr<Backlog>> backlogs;  ///< Level n at n - 1; empty until used.
    std::array<std::uint64_t, 4> ready{};            ///< Bit per level with ready messages.
    std::uint8_t max = 0;                            ///< The highest level.
    void note_ready(std::uint8_t number, bool is_ready);
    std::uint8_t highest_ready() const;
  };

  Backlog& higher_level(std::uint8_t number);
  const Backlog* find_higher(std::uint8_t number) const;
  template <class Self, class F>
  static void for_each_of(Self& self, F& visit) {
    for (std::size_t number = self.higher_ ? self.higher_->backlogs.size() : 0; number > 0;
         --number)
      if (self.higher_->backlogs[number - 1] != nullptr)
        visit(number, *self.higher_->backlogs[number - 1]);
    visit(std::size_t{0}, self.lowest_);
  }

  Backlog lowest_;
  std::unique_ptr<Higher> higher_;  ///< Null: the queue has no priorities.
};

}  // namespace lepus::core
