// Keeps a storm of one event from filling the log: of each event a thread writes at most
// limits::log_burst lines in limits::log_window; what is beyond is counted, and the writer thread
// takes the count and writes it as one line.
//
// Two threads: admit() is called by the thread that logs, take_suppressed() by the writer. Slots
// are filled in once, then published by slot_count_; only `suppressed` is written by both,
// atomically. Events are known by address and category, so an event must be a string literal. When
// all slots are taken, further events are not limited.
#pragma once

#include <array>
#include <atomic>
#include <string_view>

#include "core/base/assert.h"
#include "core/base/log.h"
#include "core/base/time.h"
#include "core/limits.h"

namespace lepus::server {

/// What operators change: each line counts, and there are no more than they ask for.
inline constexpr std::string_view operator_change = "operator change";

class LogLimiter {
 public:
  struct Event {
    core::LogLevel level = core::LogLevel::info;
    core::LogCategory category = core::LogCategory::general;
    std::string_view name;
  };

  /// Whether this line is to be written; if not, it has been counted.
  bool admit(const Event& event, core::Nanos now) {
    if (event.name == operator_change) return true;
    Slot* slot = find_or_add(event, now);
    if (slot == nullptr) return true;
    // A clock that was set back starts a new window too.
    if (now < slot->window_start || now - slot->window_start >= core::limits::log_window) {
      slot->window_start = now;
      slot->count = 0;
    }
    if (slot->count < core::limits::log_burst) {
      ++slot->count;
      return true;
    }
    slot->suppressed.fetch_add(1, std::memory_order_relaxed);
    return false;
  }

  /// Calls visit(const Event&, std::uint64_t count) for each event of which lines were suppressed
  /// since the last call.
  template <class Visit>
  void take_suppressed(Visit&& visit) {
    const std::size_t count = slot_count_.load(std::memory_order_acquire);
    CHECK(count <= core::limits::log_events_max);
    for (std::size_t i = 0; i < count; ++i) {
      const std::uint64_t suppressed = slots_[i].suppressed.exchange(0, std::memory_order_relaxed);
      if (suppressed != 0) visit(slots_[i].event, suppressed);
    }
  }

 private:
  struct Slot {
    Event event;
    core::Nanos window_start = 0;
    std::uint32_t count = 0;  ///< Lines written in this window; at most log_burst.
    std::atomic<std::uint64_t> suppressed{0};
  };

  Slot* find_or_add(const Event& event, core::Nanos now) {
    const std::size_t count = slot_count_.load(std::memory_order_relaxed);
    for (std::size_t i = 0; i < count; ++i) {
      const Event& known = slots_[i].event;
      if (known.name.data() == event.name.data() && known.category == event.category)
        return &slots_[i];
    }
    if (count == core::limits::log_events_max) return nullptr;
    slots_[count].event = event;
    slots_[count].window_start = now;
    slot_count_.store(count + 1, std::memory_order_release);
    return &slots_[count];
  }

  std::array<Slot, core::limits::log_events_max> slots_;
  std::atomic<std::size_t> slot_count_{0};
};

}  // namespace lepus::server
