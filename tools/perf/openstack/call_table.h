// The calls of the OpenStack preset that are under way. Each is answered, or lost: given up after a
// time. What comes for a call that was given up, or a second time, is counted apart.
#pragma once

#include <cstdint>
#include <deque>
#include <optional>

namespace lepus::perf {

struct CallCounts {
  uint64_t sent = 0;
  uint64_t answered = 0;
  uint64_t lost = 0;        // no answer within the time
  uint64_t late = 0;        // of the lost: answered after it
  uint64_t duplicates = 0;  // answers to calls that were answered already
};

class CallTable {
 public:
  explicit CallTable(uint64_t patience_ns) : patience_ns_(patience_ns) {}

  // The number of the new call.
  uint64_t begin(uint64_t now) {
    calls_.push_back({now, false});
    ++counts_.sent;
    return first_ + calls_.size() - 1;
  }
  // How long the call took in nanoseconds; nothing when it was not waiting.
  std::optional<uint64_t> answer(uint64_t number, uint64_t now) {
    if (number < first_) {
      ++counts_.late;
      return std::nullopt;
    }
    if (number - first_ >= calls_.size() || calls_[number - first_].is_answered) {
      ++counts_.duplicates;
      return std::nullopt;
    }
    Call& call = calls_[number - first_];
    call.is_answered = true;
    ++counts_.answered;
    return now > call.sent_ns ? now - call.sent_ns : 0;
  }
  // Gives up what has waited for too long. Answered calls leave with their predecessors; those that
  // stay are kept for as long as a call may take, so that a second answer is recognised.
  void expire(uint64_t now) {
    while (!calls_.empty() && now >= calls_.front().sent_ns + patience_ns_) {
      if (!calls_.front().is_answered) ++counts_.lost;
      calls_.pop_front();
      ++first_;
    }
  }
  uint64_t waiting_count() const { return counts_.sent - counts_.answered - counts_.lost; }
  const CallCounts& counts() const { return counts_; }

 private:
  struct Call {
    uint64_t sent_ns = 0;
    bool is_answered = false;
  };
  const uint64_t patience_ns_;
  std::deque<Call> calls_;  // at most what is begun within the patience
  uint64_t first_ = 1;      // number of calls_.front()
  CallCounts counts_;
};

}  // namespace lepus::perf
