// The messages of a queue whose records the disk did not give back. They stay in the queue, counted
// apart, and so do their records: the queue goes on without them until the operator has them read
// again or drops them, or the broker starts anew, which tries again.
//
//   ready, unacknowledged or given up -> [record unreadable] parked -> retried: as it was before
//                                                                   -> dropped: gone
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include "core/base/assert.h"
#include "core/base/ids.h"
#include "core/broker/queue_command.h"
#include "core/queue/dead_letter.h"

namespace lepus::core {

class UnreadableMessages {
 public:
  struct Entry {
    Sequence sequence = 0;
    /// Why the queue had given it up; none: it had not.
    std::optional<DeathReason> reason = {};
  };

  /// Once for each.
  void add(const Entry& entry) {
    const auto at = position_of(entry.sequence);
    if (at != entries_.end() && at->sequence == entry.sequence) return;
    given_up_count_ += entry.reason ? 1 : 0;
    entries_.insert(at, entry);
  }
  /// It left the queue in another way.
  void remove(Sequence sequence) { (void)take({.position = sequence}, 1); }
  bool contains(Sequence sequence) const {
    const auto at = std::lower_bound(entries_.begin(), entries_.end(), sequence, is_below);
    return at != entries_.end() && at->sequence == sequence;
  }
  /// Takes out so many of those that are meant, lowest position first.
  std::vector<Entry> take(const UnreadableOrder& order, std::size_t count) {
    auto first = entries_.begin();
    auto last = first + static_cast<std::ptrdiff_t>(std::min(count, entries_.size()));
    if (order.position) {
      first = position_of(*order.position);
      last = first != entries_.end() && first->sequence == *order.position ? first + 1 : first;
    }
    std::vector<Entry> taken(first, last);
    entries_.erase(first, last);
    for (const Entry& entry : taken) given_up_count_ -= entry.reason ? 1 : 0;
    CHECK(given_up_count_ <= entries_.size());
    return taken;
  }
  /// Ascending by position.
  const std::vector<Entry>& all() const { return entries_; }
  std::size_t count() const { return entries_.size(); }
  /// Those with a lower position.
  std::size_t count_below(Sequence sequence) const {
    const auto at = std::lower_bound(entries_.begin(), entries_.end(), sequence, is_below);
    return static_cast<std::size_t>(at - entries_.begin());
  }
  /// Those of them that the queue had given up before.
  std::size_t given_up_count() const { return given_up_count_; }

 private:
  static bool is_below(const Entry& entry, Sequence sequence) { return entry.sequence < sequence; }
  std::vector<Entry>::iterator position_of(Sequence sequence) {
    return std::lower_bound(entries_.begin(), entries_.end(), sequence, is_below);
  }

  std::vector<Entry> entries_;
  std::size_t given_up_count_ = 0;
};

}  // namespace lepus::core
