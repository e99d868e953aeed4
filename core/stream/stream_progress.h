// How far a consumer of a stream has settled what it got: where it may go on when it comes again
// without missing anything.
//
//   settled settled UNSETTLED settled   not delivered yet
//                   ^ done_below()      ^ next
//
// What it gave back stays undone for this consumer: it is not delivered again before it comes
// again.
#pragma once

#include <algorithm>
#include <cstdint>
#include <utility>

#include "core/base/block_deque.h"
#include "core/base/ids.h"
#include "core/broker/command.h"

namespace lepus::core {

class StreamProgress {
 public:
  /// In order of the offsets.
  void delivered(Sequence offset) {
    if (offset < given_back_) window_.push_back({offset, false});
  }

  void settle(const Settle& settle) {
    if (requeues(settle.outcome)) {
      returned(settle.first);
    } else {
      settled(settle.first, settle.last);
    }
  }

  /// All that was delivered from `first` to `last`, inclusive.
  void settled(Sequence first, Sequence last) {
    for (std::size_t i = index_of(first); i < window_.size() && window_[i].offset <= last; ++i)
      window_[i].is_settled = true;
    while (!window_.empty() && window_.front().is_settled) window_.drop_front();
    is_changed_ = true;
  }

  /// It is not done, and neither is what was delivered behind it.
  void returned(Sequence first) {
    given_back_ = std::min(given_back_, first);
    while (!window_.empty() && window_.back().offset >= given_back_) window_.pop_back();
  }

  /// Nothing is to be settled any more.
  bool is_empty() const { return window_.empty(); }
  /// `next`: what it is offered next; it does not want what lies between, or has it done.
  Sequence done_below(Sequence next) const {
    return std::min(window_.empty() ? next : window_.front().offset, given_back_);
  }

  /// Something was settled since the last call.
  bool take_changed() { return std::exchange(is_changed_, false); }

 private:
  struct Delivered {
    Sequence offset = 0;
    bool is_settled = false;
  };

  std::size_t index_of(Sequence offset) const {
    std::size_t low = 0;
    for (std::size_t high = window_.size(); low < high;) {
      const std::size_t middle = low + (high - low) / 2;
      if (window_[middle].offset < offset) {
        low = middle + 1;
      } else {
        high = middle;
      }
    }
    return low;
  }

  BlockDeque<Delivered> window_;
  Sequence given_back_ = UINT64_MAX;  ///< The lowest offset that was.
  bool is_changed_ = false;
};

}  // namespace lepus::core
