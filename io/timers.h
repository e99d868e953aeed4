// Timers of one loop: a hierarchical wheel of 1 ms ticks, 8 levels of 64 slots, any horizon. Arming
// and cancelling are O(1) and allocate nothing; a timer is a field of its owner.
//
//   level 0: 64 ticks of 1 ms · level 1: 64 slots of 64 ms · ... · level 7: 64 slots of 139 years
//
// A timer sits at the level of the highest 6-bit group in which its tick differs from the current
// tick, so a slot never wraps, and the lowest level that holds anything holds the earliest timer.
// When the wheel reaches a slot of a higher level, that slot's timers move down. Invariants: a
// timer never fires before its deadline, and fires in the first run_due(now) with now >= deadline
// rounded up to the tick; current_ never goes back.
#pragma once

#include <array>
#include <cstdint>

#include "core/base/assert.h"
#include "core/base/time.h"

namespace lepus::io {

/// Link of a circular list; the wheel's sentinels are bare links.
struct TimerLink {
  TimerLink* previous = nullptr;
  TimerLink* next = nullptr;
};

struct Timer : TimerLink {
  Timer() = default;
  Timer(const Timer&) = delete;
  Timer& operator=(const Timer&) = delete;
  ~Timer() { CHECK(!armed()); }

  bool armed() const { return previous != nullptr; }

  /// Method: void (Owner::*)(Timer&). It may arm and cancel any timer, this one too.
  template <auto Method, class Owner>
  void bind(Owner* object) {
    owner = object;
    fired = [](void* self, Timer& timer) { (static_cast<Owner*>(self)->*Method)(timer); };
  }

  core::Nanos deadline = core::never;
  void* owner = nullptr;
  void (*fired)(void* owner, Timer& timer) = nullptr;
  std::uint64_t tick = 0;  ///< The wheel's: when it fires.
  std::uint8_t level = 0;  ///< The wheel's.
  std::uint8_t slot = 0;   ///< The wheel's.
};

class TimerWheel {
 public:
  explicit TimerWheel(core::Nanos now);
  TimerWheel(const TimerWheel&) = delete;
  TimerWheel& operator=(const TimerWheel&) = delete;
  ~TimerWheel();

  /// An armed timer moves to the new deadline. A deadline in the past fires in the next run_due();
  /// core::never disarms.
  void arm(Timer& timer, core::Nanos deadline);
  /// Nothing happens when it is not armed.
  void cancel(Timer& timer);
  /// Fires what is due, earliest tick first. What the handlers arm for `now` or before fires in the
  /// next tick. Returns how many fired.
  std::size_t run_due(core::Nanos now);
  /// No timer fires before this time; core::never when none is armed. May be early (a slot that
  /// only moves down).
  core::Nanos next_deadline() const;
  std::size_t armed_count() const { return armed_count_; }

 private:
  static constexpr unsigned level_count = 8;
  static constexpr unsigned slot_bits = 6;
  static constexpr unsigned slot_count = 1U << slot_bits;

  struct Place {
    unsigned level;
    unsigned slot;
    std::uint64_t tick;  ///< First tick of the slot.
  };
  Place first_place() const;
  void insert(Timer& timer, std::uint64_t tick);
  void unlink(Timer& timer);
  std::size_t fire_slot(unsigned slot);
  void move_down(unsigned level, unsigned slot);
  void take_slot(unsigned level, unsigned slot, TimerLink& list);

  std::uint64_t current_tick_;
  std::uint64_t target_tick_ = 0;  ///< Of the run_due() in progress.
  bool running_ = false;
  std::size_t armed_count_ = 0;
  std::uint32_t levels_used_ = 0;                        ///< Bit per level that holds a timer.
  std::array<std::uint64_t, level_count> slots_used_{};  ///< Bit per slot that holds a timer.
  std::array<std::array<TimerLink, slot_count>, level_count> heads_;  ///< Sentinels.
};

}  // namespace lepus::io
