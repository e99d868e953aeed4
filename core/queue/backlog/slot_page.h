// A page of a backlog's slots. When all of them are evicted and their records lie one behind the
// other, the page is a run: a few words in place of 16 bytes a message.
//
//   empty (nothing live) -> slots <-> run
#pragma once

#include <array>
#include <cstdint>
#include <memory>

#include "core/limits.h"
#include "core/queue/backlog/slot.h"

namespace lepus::core {

class SlotPage {
 public:
  static constexpr std::size_t size = limits::backlog_page_slots;
  using Slots = std::array<Slot, size>;

  /// No slot of it is live, and it owns no memory.
  bool is_empty() const { return slots_ == nullptr && first_.state() == Slot::State::gone; }
  bool is_run() const { return slots_ == nullptr && first_.state() != Slot::State::gone; }
  /// `spare`: memory to use, or null.
  void open(std::unique_ptr<Slots> spare) {
    CHECK(is_empty());
    slots_ = spare ? std::move(spare) : std::make_unique<Slots>();
  }
  /// Everything in it is gone; its memory, for reuse.
  std::unique_ptr<Slots> close() {
    CHECK(live_count == 0);
    first_ = {};
    return std::move(slots_);
  }

  /// To be changed; a run becomes slots.
  Slot& at(std::size_t index) {
    if (slots_ == nullptr) expand();
    return (*slots_)[index];
  }
  /// Null: the page is empty or a run.
  const Slot* find(std::size_t index) const {
    return slots_ != nullptr ? &(*slots_)[index] : nullptr;
  }
  Slot get(std::size_t index) const {
    if (slots_ != nullptr) return (*slots_)[index];
    return is_run() ? run_slot(index) : Slot{};
  }
  Slot::State state(std::size_t index) const {
    return slots_ != nullptr ? (*slots_)[index].state() : first_.state();
  }
  /// Becomes a run if it can.
  void compress();

  std::uint32_t live_count = 0;

 private:
  Slot run_slot(std::size_t index) const;
  void expand();

  std::unique_ptr<Slots> slots_;
  Slot first_;  ///< Of a run.
};

}  // namespace lepus::core
