// The wheel's arithmetic. Ticks are milliseconds; a deadline is rounded up, `now` down, so nothing
// fires early.
#include "io/timers.h"

#include <algorithm>
#include <bit>

namespace lepus::io {
namespace {

/// The last deadline whose rounded-up tick is still a time.
constexpr core::Nanos deadline_max = core::never - 2 * core::nanos_per_ms;

std::uint64_t tick_at(core::Nanos now) {
  return static_cast<std::uint64_t>(std::max<core::Nanos>(now, 0) / core::nanos_per_ms);
}
std::uint64_t tick_of_deadline(core::Nanos deadline) {
  return tick_at(std::min(deadline, deadline_max) + core::nanos_per_ms - 1);
}
void make_empty(TimerLink& list) { list.previous = list.next = &list; }

}  // namespace

TimerWheel::TimerWheel(core::Nanos now) : current_tick_(tick_at(now)) {
  for (auto& level : heads_) {
    for (TimerLink& head : level) make_empty(head);
  }
}

TimerWheel::~TimerWheel() { CHECK(armed_count_ == 0); }

void TimerWheel::arm(Timer& timer, core::Nanos deadline) {
  CHECK(timer.fired != nullptr);
  cancel(timer);
  timer.deadline = deadline;
  if (deadline == core::never) return;
  // While timers fire, nothing is added to the ticks of this run: a handler that arms for "now"
  // cannot keep us here.
  const std::uint64_t earliest = running_ ? target_tick_ + 1 : current_tick_;
  insert(timer, std::max(tick_of_deadline(deadline), earliest));
  ++armed_count_;
}

void TimerWheel::cancel(Timer& timer) {
  if (!timer.armed()) return;
  CHECK(armed_count_ > 0);
  unlink(timer);
  --armed_count_;
}

std::size_t TimerWheel::run_due(core::Nanos now) {
  CHECK(!running_);
  const std::uint64_t target = tick_at(now);
  if (target < current_tick_) return 0;
  running_ = true;
  target_tick_ = target;
  std::size_t fired_count = 0;
  while (levels_used_ != 0) {
    const Place place = first_place();
    if (place.tick > target) break;
    CHECK(place.tick >= current_tick_);
    current_tick_ = place.tick;
    if (place.level == 0) {
      fired_count += fire_slot(place.slot);
    } else {
      move_down(place.level, place.slot);
    }
  }
  current_tick_ = target;
  running_ = false;
  return fired_count;
}

core::Nanos TimerWheel::next_deadline() const {
  if (levels_used_ == 0) return core::never;
  return static_cast<core::Nanos>(first_place().tick) * core::nanos_per_ms;
}

TimerWheel::Place TimerWheel::first_place() const {
  CHECK(levels_used_ != 0);
  const auto level = static_cast<unsigned>(std::countr_zero(levels_used_));
  const unsigned shift = level * slot_bits;
  const auto slot = static_cast<unsigned>(std::countr_zero(slots_used_[level]));
  const std::uint64_t above = current_tick_ >> (shift + slot_bits) << (shift + slot_bits);
  return {level, slot, above | std::uint64_t{slot} << shift};
}

void TimerWheel::insert(Timer& timer, std::uint64_t tick) {
  CHECK(tick >= current_tick_);
  const std::uint64_t difference = tick ^ current_tick_;
  const unsigned level = static_cast<unsigned>(std::bit_width(difference | 1) - 1) / slot_bits;
  CHECK(level < level_count);
  const auto slot = static_cast<unsigned>(tick >> (level * slot_bits) & (slot_count - 1));
  timer.tick = tick;
  timer.level = static_cast<std::uint8_t>(level);
  timer.slot = static_cast<std::uint8_t>(slot);
  TimerLink& head = heads_[level][slot];
  timer.previous = head.previous;
  timer.next = &head;
  head.previous->next = &timer;
  head.previous = &timer;
  slots_used_[level] |= std::uint64_t{1} << slot;
  levels_used_ |= 1U << level;
}

void TimerWheel::unlink(Timer& timer) {
  TimerLink* const neighbour = timer.previous;
  timer.previous->next = timer.next;
  timer.next->previous = timer.previous;
  timer.previous = timer.next = nullptr;
  // Alone in its slot? A timer on the list being fired has another sentinel; its slot's bits are
  // cleared already.
  if (neighbour->next != neighbour || neighbour != &heads_[timer.level][timer.slot]) return;
  slots_used_[timer.level] &= ~(std::uint64_t{1} << timer.slot);
  if (slots_used_[timer.level] == 0) levels_used_ &= ~(1U << timer.level);
}

void TimerWheel::take_slot(unsigned level, unsigned slot, TimerLink& list) {
  TimerLink& head = heads_[level][slot];
  CHECK(head.next != &head);
  list.next = head.next;
  list.previous = head.previous;
  list.next->previous = &list;
  list.previous->next = &list;
  make_empty(head);
  slots_used_[level] &= ~(std::uint64_t{1} << slot);
  if (slots_used_[level] == 0) levels_used_ &= ~(1U << level);
}

std::size_t TimerWheel::fire_slot(unsigned slot) {
  TimerLink firing;
  take_slot(0, slot, firing);
  std::size_t count = 0;
  while (firing.next != &firing) {
    Timer& timer = static_cast<Timer&>(*firing.next);
    CHECK(timer.deadline <= static_cast<core::Nanos>(target_tick_ + 1) * core::nanos_per_ms);
    cancel(timer);
    timer.fired(timer.owner, timer);
    ++count;
  }
  return count;
}

void TimerWheel::move_down(unsigned level, unsigned slot) {
  TimerLink moving;
  take_slot(level, slot, moving);
  while (moving.next != &moving) {
    Timer& timer = static_cast<Timer&>(*moving.next);
    unlink(timer);
    insert(timer, timer.tick);
  }
}

}  // namespace lepus::io
