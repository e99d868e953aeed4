// When messages of one queue expire, exact for every position in the queue, not only for its head.
// A message has up to two deadlines: its own (the expiration property) in a min-heap, and that of
// the queue's time to live, which is its arrival plus a time that may change at any moment: those
// are kept in order of arrival. Queues without any TTL own no memory here. An entry whose message
// is gone is forgotten soon (forget_gone()), or skipped when its time comes; one that is unacked
// then is remembered, and expires when it returns to the queue.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <optional>
#include <vector>

#include <boost/unordered/unordered_flat_set.hpp>

#include "core/base/time.h"
#include "core/queue/backlog/priority_backlog.h"

namespace lepus::core {

class Expiry {
 public:
  void add(Nanos deadline, Sequence sequence);
  /// It is in a queue with a TTL since then. In any order before sort_arrivals(), else in order of
  /// the times.
  void arrived(Nanos time, Sequence sequence) { arrivals_.push_back({time, sequence}); }
  void sort_arrivals();
  /// Of the queue. Nothing: it has none, and arrivals are forgotten.
  void set_ttl(std::optional<Nanos> ttl);
  bool has_ttl() const { return ttl_.has_value(); }
  /// core::never when nothing can expire.
  Nanos next_deadline() const;
  /// The next one that is due, taken out; false when none is.
  bool take_due(Nanos now, Sequence& sequence);

  /// Forgets entries whose messages are gone from `messages`: of those that are due first a few, so
  /// that one call for each message that leaves is enough where messages leave in order; all of
  /// them when there are more than twice as many entries as messages.
  void forget_gone(const PriorityBacklog& messages);
  /// Times that are remembered.
  std::size_t entry_count() const { return heap_.size() + arrivals_.size(); }

  /// Its time came while it was unacked.
  void note_overdue(Sequence sequence) { overdue_.insert(sequence); }
  /// True once for each overdue sequence.
  bool take_overdue(Sequence sequence) { return overdue_.erase(sequence) > 0; }
  /// An unacked message is settled: it will not return.
  void forget_overdue(Sequence sequence) {
    if (!overdue_.empty()) overdue_.erase(sequence);
  }

 private:
  struct Entry {
    Nanos deadline;
    Sequence sequence;
    bool operator>(const Entry& other) const {
      return deadline != other.deadline ? deadline > other.deadline : sequence > other.sequence;
    }
  };
  struct Arrival {
    Nanos at;
    Sequence sequence;
  };
  Nanos next_arrival_deadline() const {
    return arrivals_.empty() || !ttl_ ? never : arrivals_.front().at + *ttl_;
  }

  std::vector<Entry> heap_;
  std::deque<Arrival> arrivals_;
  std::optional<Nanos> ttl_;
  boost::unordered_flat_set<Sequence> overdue_;
};

}  // namespace lepus::core
