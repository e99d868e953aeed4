// What a worker counts. One writer (the worker's thread), read by the reporting thread at any time,
// so every counter is a relaxed atomic that its writer increments without a locked instruction.
#pragma once

#include <atomic>
#include <cstdint>

#include "tools/perf/histogram.h"

namespace lepus::perf {

class Counter {
 public:
  void add(uint64_t count) {
    value_.store(value_.load(std::memory_order_relaxed) + count, std::memory_order_relaxed);
  }
  uint64_t get() const { return value_.load(std::memory_order_relaxed); }

 private:
  std::atomic<uint64_t> value_{0};
};

struct alignas(64) Stats {
  Counter published;  // handed to the kernel completely
  Counter delivered;  // received completely; in rpc and churn: round trips, connections
  Counter redelivered;
  Counter confirmed;
  Counter nacked;
  Counter returned;
  Counter blocked;            // connection.blocked notices
  Counter rejected;           // by consumers, with basic.nack
  Counter polled_empty;       // basic.get that found nothing
  Counter operations;         // of clients that churn
  Counter connected;          // connections opened
  Counter lost;               // connections that broke without being cut here
  Histogram latency;          // ns, intended send time to receipt
  Histogram confirm_latency;  // ns, intended send time to confirm
  Histogram send_lag;         // ns, intended send time to actual send; paced runs only
  Histogram connect_latency;  // ns, connect() to channel.open-ok; scenarios only
};

struct StatsCounts {
  uint64_t published = 0;
  uint64_t delivered = 0;
  uint64_t redelivered = 0;
  uint64_t confirmed = 0;
  uint64_t nacked = 0;
  uint64_t returned = 0;
  uint64_t blocked = 0;
  uint64_t rejected = 0;
  uint64_t polled_empty = 0;
  uint64_t operations = 0;
  uint64_t connected = 0;
  uint64_t lost = 0;
};

// The sum over all workers at one moment, or the difference of two such moments.
struct StatsSnapshot : StatsCounts {
  HistogramCounts latency;
  HistogramCounts confirm_latency;
  HistogramCounts send_lag;
  HistogramCounts connect_latency;

  void add(const Stats& stats);
  void add(const StatsSnapshot& other);
  StatsSnapshot since(const StatsSnapshot& earlier) const;
};

}  // namespace lepus::perf
