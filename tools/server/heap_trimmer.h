// Decides when the threads are to give unused memory back (io/heap.h). A collection costs a walk
// over the pages of a thread, and what went back has to be faulted in again when it is needed: so
// only what was not needed for some seconds counts, and it has to be worth it.
//
//   unneeded = resident memory - the most that was accounted for in the last intervals
//   due      = unneeded grew by heap_trim_step since the last time, and by an eighth of what is in
//              use; or a minute has passed, and more than heap_trim_large is unneeded
#pragma once

#include <array>
#include <cstdint>

#include "core/base/time.h"
#include "core/limits.h"

namespace lepus::server {

class HeapTrimmer {
 public:
  /// As often as it is known: what is in use by the account.
  void note_use(std::uint64_t accounted);
  /// The next interval has begun: time to look at resident memory and ask is_due().
  bool wants_look(core::Nanos now);
  /// True: now is the time. Once an interval.
  bool is_due(std::uint64_t resident, core::Nanos now);

 private:
  std::uint64_t used_max() const;

  std::array<std::uint64_t, core::limits::heap_trim_window>
      used_{};  ///< The most of each interval; a ring.
  std::size_t current_ = 0;
  core::Nanos next_look_ = 0;
  core::Nanos trimmed_at_ = 0;
  std::uint64_t floor_ = 0;  ///< The least that was unneeded since the last time.
  bool settles_ = true;      ///< The next look says what is left: that is the new floor.
};

}  // namespace lepus::server
