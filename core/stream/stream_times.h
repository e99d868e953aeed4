// When the messages of a stream arrived, a mark for each second with messages: for consumers that
// begin at a time, and for what is too old.
#pragma once

#include <cstdint>
#include <deque>

#include "core/base/ids.h"
#include "core/limits.h"

namespace lepus::core {

class StreamTimes {
 public:
  /// A message arrived; in order of sequences. `time_ms` since 1970: an earlier one than before
  /// (the clock was set back) counts as that.
  void add(Sequence sequence, std::uint64_t time_ms);
  /// Messages below are gone.
  void drop_before(Sequence first);
  /// Messages below arrived before `time_ms`, the message itself may have arrived since. `end` when
  /// all are older.
  Sequence older_than(std::uint64_t time_ms, Sequence end) const;
  /// When the second began in which this message arrived; 0: nothing is known of it.
  std::uint64_t time_of(Sequence sequence) const;
  /// When the oldest messages arrived at the latest; 0: there are none.
  std::uint64_t oldest_ms() const { return marks_.empty() ? 0 : marks_.front().time_ms + step_ms; }

 private:
  static constexpr std::uint64_t step_ms = limits::stream_time_step / nanos_per_ms;
  /// Messages from `first` to the next mark arrived from time_ms until step_ms later.
  struct Mark {
    Sequence first;
    std::uint64_t time_ms;  ///< A multiple of step_ms.
  };
  std::deque<Mark> marks_;
};

}  // namespace lepus::core
