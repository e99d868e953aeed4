// When a run with a given number of messages (--messages, mode drain) is over, and when it never
// will be: counters that stand still for too long.
#pragma once

#include <algorithm>
#include <atomic>
#include <cstdint>

#include "tools/perf/options.h"

namespace lepus::perf {

// The counters that tell how far a run has come, summed over all clients.
struct Progress {
  uint64_t published = 0;
  uint64_t settled = 0;  // confirmed or refused
  uint64_t delivered = 0;

  bool operator==(const Progress&) const = default;
};

// The counts at which a run is over; a count of 0 is not waited for.
using Goal = Progress;

inline bool reached(const Goal& goal, const Progress& now) {
  return now.published >= goal.published && now.settled >= goal.settled &&
         now.delivered >= goal.delivered;
}

// What --messages asks for: all published, confirmed if there are confirms, and received if there
// are consumers.
inline Goal goal_of_messages(const Options& options) {
  const uint64_t copies = options.exchange_type == ExchangeType::fanout ? options.queues : 1;
  Goal goal;
  goal.published = options.messages;
  goal.settled = options.confirm_window > 0 ? options.messages : 0;
  goal.delivered = options.consumers > 0 ? options.messages * copies : 0;
  return goal;
}

// What mode drain is to receive when so many messages wait in the queues.
inline Goal goal_of_drain(const Options& options, uint64_t waiting) {
  const uint64_t existing = options.reads_streams() ? waiting * options.consumers : waiting;
  return {0, 0, options.messages == 0 ? existing : std::min(options.messages, existing)};
}

// How many of all messages the producer of this number publishes.
inline uint64_t share_of_messages(const Options& options, unsigned number) {
  if (options.messages == 0) return UINT64_MAX;
  const uint64_t extra = number < options.messages % options.producers ? 1 : 0;
  return options.messages / options.producers + extra;
}

// What all consumers of a drain together may still take. What comes beyond is neither counted nor
// acknowledged, so that it is back in its queue when the consumer closes.
class Budget {
 public:
  explicit Budget(uint64_t count) : left_(count) {}

  bool take() {
    uint64_t left = left_.load(std::memory_order_relaxed);
    while (left > 0 && !left_.compare_exchange_weak(left, left - 1, std::memory_order_relaxed)) {
    }
    return left > 0;
  }

 private:
  std::atomic<uint64_t> left_;
};

// Notices that nothing has moved since some time.
class StallWatch {
 public:
  StallWatch(uint64_t patience_ns, uint64_t start_ns)
      : patience_ns_(patience_ns), moved_ns_(start_ns) {}

  bool stalled(const Progress& now, uint64_t time_ns) {
    if (!(now == last_)) {
      last_ = now;
      moved_ns_ = time_ns;
    }
    return time_ns - moved_ns_ >= patience_ns_;
  }

 private:
  uint64_t patience_ns_;
  uint64_t moved_ns_;
  Progress last_;
};

}  // namespace lepus::perf
