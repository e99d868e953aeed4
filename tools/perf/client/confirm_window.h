// The publisher's unconfirmed messages: a ring of send times indexed by publish number.
//
//   lowest_ <= unconfirmed numbers < next_      next_ - lowest_ <= size
//
// A slot is 0 once its number is confirmed, so that acks out of order and acks of several meet
// correctly.
#pragma once

#include <algorithm>
#include <bit>
#include <cstdint>
#include <vector>

#include "tools/perf/client/error.h"

namespace lepus::perf {

class ConfirmWindow {
 public:
  // size 0: confirms are off, the window never closes.
  explicit ConfirmWindow(uint64_t size)
      : size_(size), times_(size == 0 ? 0 : std::bit_ceil(size)) {}

  bool enabled() const { return size_ != 0; }
  uint64_t free_count() const { return enabled() ? size_ - (next_ - lowest_) : UINT64_MAX; }
  uint64_t unconfirmed_count() const { return next_ - lowest_; }

  void on_publish(uint64_t time_ns) {
    if (!enabled()) return;
    slot(next_++) = time_ns;
  }
  // Calls done(time_ns) for each message that this confirm settles.
  template <class Done>
  void on_confirm(uint64_t tag, bool multiple, Done done) {
    // Tag 0 with multiple means "all so far".
    if (tag == 0 && multiple) tag = next_ - 1;
    if (tag >= next_)
      throw PerfError("the broker confirmed message ", tag, ", but only ", next_ - 1, " were sent");
    if (tag < lowest_) return;
    if (multiple) {
      for (; lowest_ <= tag; ++lowest_) settle(lowest_, done);
    } else {
      settle(tag, done);
    }
    while (lowest_ < next_ && slot(lowest_) == 0) ++lowest_;
  }

 private:
  template <class Done>
  void settle(uint64_t number, Done& done) {
    const uint64_t time = slot(number);
    if (time == 0) return;
    slot(number) = 0;
    done(time);
  }
  uint64_t& slot(uint64_t number) {
    return times_[static_cast<size_t>(number) & (times_.size() - 1)];
  }

  uint64_t size_;
  std::vector<uint64_t> times_;
  uint64_t lowest_ = 1;  // the first publish number on a channel is 1
  uint64_t next_ = 1;
};

}  // namespace lepus::perf
