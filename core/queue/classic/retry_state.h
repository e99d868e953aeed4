// What a queue remembers of messages that came back: how often, and which of them wait before they
// go out again (x-delivery-limit, x-delayed-retry-*). Queues that ask for neither own nothing of
// this; a message that never came back takes no memory.
#pragma once

#include <cstdint>
#include <vector>

#include <boost/unordered/unordered_flat_map.hpp>
#include <boost/unordered/unordered_flat_set.hpp>

#include "core/base/ids.h"
#include "core/base/time.h"

namespace lepus::core {

class RetryState {
 public:
  /// It came back; how often by now.
  std::uint32_t count_return(Sequence sequence) { return ++counts_[sequence]; }
  std::uint32_t count(Sequence sequence) const {
    const auto found = counts_.find(sequence);
    return found == counts_.end() ? 0 : found->second;
  }
  /// It is settled for good.
  void forget(Sequence sequence) {
    counts_.erase(sequence);
    delayed_.erase(sequence);
  }

  /// It goes out again at `until`, not before.
  void delay(Sequence sequence, Nanos until);
  bool is_delayed(Sequence sequence) const { return delayed_.contains(sequence); }
  std::size_t delayed_count() const { return delayed_.size(); }
  /// One whose retry delay is over, taken out; false when there is none.
  bool take_due(Nanos now, Sequence& sequence);
  /// core::never when none is delayed.
  Nanos next_deadline() const { return heap_.empty() ? never : heap_.front().until; }

 private:
  struct Entry {
    Nanos until;
    Sequence sequence;
    bool operator>(const Entry& other) const {
      return until != other.until ? until > other.until : sequence > other.sequence;
    }
  };
  boost::unordered_flat_map<Sequence, std::uint32_t> counts_;
  boost::unordered_flat_set<Sequence> delayed_;
  std::vector<Entry> heap_;  ///< Min-heap. What is not in delayed_ any more is skipped.
};

}  // namespace lepus::core
