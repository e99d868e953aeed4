// What the sessions of a shard did, by virtual host. The numbers are where they are as long as a
// session uses them, also when the virtual host is gone; what it had counts on in the total.
#pragma once

#include <cstdint>
#include <map>
#include <vector>

#include "core/base/assert.h"
#include "core/base/ids.h"
#include "core/base/message_counts.h"
#include "core/broker/stats.h"

namespace lepus::core {

class VhostCounters {
 public:
  VhostCounters() = default;
  VhostCounters(const VhostCounters&) = delete;
  VhostCounters& operator=(const VhostCounters&) = delete;

  /// For a session of this virtual host, until release().
  MessageCounts& acquire(VhostId id) {
    Entry& entry = entries_[id];
    ++entry.session_count;
    return entry.counts;
  }
  void release(VhostId id) {
    const auto found = entries_.find(id);
    CHECK(found != entries_.end());
    CHECK(found->second.session_count > 0);
    --found->second.session_count;
  }
  /// Appends rows of virtual hosts above `after`, at most so many. `is_there(id)`: the virtual host
  /// is there; what is gone and has no session is forgotten. Returns the last one; none: there are
  /// no more.
  template <class IsThere>
  VhostId describe(VhostId after, std::size_t count, IsThere&& is_there,
                   std::vector<VhostStats>& out) {
    for (auto next = entries_.upper_bound(after); next != entries_.end(); --count) {
      if (count == 0) return after;
      after = next->first;
      if (is_there(after)) {
        out.push_back({after, next->second.counts});
      } else if (next->second.session_count == 0) {
        gone_ += next->second.counts;
        next = entries_.erase(next);
        continue;
      }
      ++next;
    }
    return {};
  }
  /// Of all, also of those that are gone.
  MessageCounts total() const {
    MessageCounts sum = gone_;
    for (const auto& [id, entry] : entries_) sum += entry.counts;
    return sum;
  }

 private:
  struct Entry {
    MessageCounts counts;
    std::uint32_t session_count = 0;
  };
  std::map<VhostId, Entry> entries_;
  MessageCounts gone_;
};

}  // namespace lepus::core
