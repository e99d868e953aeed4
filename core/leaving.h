// Messages that a queue gave up and that stay in it until they are elsewhere: dropped by a rule, on
// their way to where dead letters go. They count no more; a restart finds them where they were.
//
//   let_go -> line -> [cold: asked for] -> sent -> every queue has it -> gone
//              ^---- refused, where that matters: the line rests for a while
//
// Queues that never gave up a message that has to wait own nothing of this.
#pragma once

#include <cstdint>
#include <deque>

#include <boost/unordered/unordered_flat_map.hpp>

#include "core/backlog.h"
#include "core/base/time.h"
#include "core/dead_letter.h"
#include "core/limits.h"

namespace lepus::core {

class Leaving {
 public:
  bool contains(Sequence sequence) const { return entries_.contains(sequence); }
  bool is_under_way(Sequence sequence) const {
    const auto found = entries_.find(sequence);
    return found != entries_.end() && found->second.is_under_way;
  }
  DeathReason reason(Sequence sequence) const { return entries_.at(sequence).reason; }
  /// Others wait, or enough are on their way: whoever comes goes behind.
  bool has_line() const { return !line_.empty() || under_way_ >= limits::leaving_max; }

  /// At the end of the line.
  void add(Sequence sequence, DeathReason reason);
  /// The first of the line, which is on its way from now on; false when there is none, enough are
  /// on their way, or the line rests.
  bool take_next(Nanos now, Sequence& sequence);
  /// It goes out without having been in the line.
  void add_sent(Sequence sequence, DeathReason reason);
  /// Nobody took it: it is in line again, and the line rests until then.
  void put_back(Sequence sequence, Nanos until);
  /// It is gone.
  void forget(Sequence sequence);

  /// When the line goes on; core::never when it waits for nothing but what is on its way.
  Nanos next_deadline(Nanos now) const {
    return !line_.empty() && rests_until_ > now ? rests_until_ : never;
  }

 private:
  struct Entry {
    DeathReason reason;
    bool is_under_way;
  };
  boost::unordered_flat_map<Sequence, Entry> entries_;
  std::deque<Sequence> line_;  ///< What is gone meanwhile is skipped.
  std::uint32_t under_way_ = 0;
  Nanos rests_until_ = 0;
};

}  // namespace lepus::core
