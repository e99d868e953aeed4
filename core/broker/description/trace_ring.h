// What a shard saw of traced messages, for operators who watch: the newest ones, while somebody
// asks. Beside the copies that the firehose publishes (core/broker/firehose.h) and without a queue:
// nobody's reading costs messages, and a watcher that is slow misses some.
//
//   answer() ---- begins to watch, for limits::trace_watch_time
//   add() ------> oldest ... newest -> answer(): those behind a number that the filter wants
//
// While nobody watches nothing is kept.
#pragma once

#include <cstdint>
#include <deque>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/ids.h"
#include "core/base/time.h"
#include "core/broker/firehose.h"
#include "core/message/message.h"

namespace lepus::core {

struct TraceEntry {
  std::uint64_t number = 0;  ///< Of this shard: 1, 2, 3 ...
  Nanos time = 0;            ///< Since 1970.
  VhostId vhost;
  bool is_delivery = false;  ///< It left `queues[0]`; else it was published, and routed to them.
  bool redelivered = false;
  std::uint16_t channel = 0;
  std::string connection;
  std::string user;
  std::string exchange;
  std::string routing_key;
  std::vector<std::string> queues;  ///< At most limits::trace_queues_max.
  std::uint32_t queue_count = 0;    ///< All of them.
  std::string properties;           ///< Encoded; empty when there are more bytes than are kept.
  std::string body;                 ///< The first limits::trace_body_max bytes.
  std::uint64_t body_size = 0;

  /// What it takes in memory, estimated.
  std::uint64_t memory() const;
};

/// Patterns in which `*` stands for any text; an empty one fits all.
struct TraceFilter {
  std::string exchange;
  std::string routing_key;
  std::string queue;  ///< One of them fits.
  std::string user;

  bool wants(const TraceEntry& entry) const;
};
/// Returns true if the text is as the pattern says.
bool fits_pattern(std::string_view text, std::string_view pattern);

struct TraceQuestion {
  VhostId vhost;
  std::uint64_t after = 0;  ///< Entries with higher numbers.
  std::uint32_t count_max = 1;
  TraceFilter filter;
};
struct TraceAnswer {
  std::vector<TraceEntry> entries;  ///< The oldest first.
  std::uint64_t next = 0;           ///< `after` of the next question.
  std::uint64_t missed = 0;         ///< Entries behind `after` that had gone, of all virtual hosts.
};

class TraceRing {
 public:
  /// `account` is told what it takes; it outlives this object.
  explicit TraceRing(MemoryAccount& account) : account_(account) {}
  ~TraceRing() { clear(); }
  TraceRing(const TraceRing&) = delete;
  TraceRing& operator=(const TraceRing&) = delete;

  bool is_watched() const { return watched_until_ > 0; }
  /// While it is watched. `now` of the loop's clock, `time` since 1970.
  void add(const Trace& trace, const Message& message, Nanos time);
  /// What it takes per call is bounded by what is kept.
  TraceAnswer answer(const TraceQuestion& question, Nanos now);
  /// Forgets all when nobody asked for long.
  void expire(Nanos now);

 private:
  void clear();
  void drop_oldest();

  MemoryAccount& account_;
  std::deque<TraceEntry> entries_;
  std::uint64_t bytes_ = 0;
  std::uint64_t last_number_ = 0;
  Nanos watched_until_ = 0;  ///< 0: nobody watches.
};

}  // namespace lepus::core
