// What a queue remembers while some of its messages are on disk only. Queues that never had such
// messages own nothing of this.
//
//   in memory -> [recorded?] append_paged -> pending -> written -> cold -> asked for -> in memory
//
// A message that has a record is cold at once; one that has none (transient, or in a queue that
// does not outlive a restart) is recorded first and goes when that is written.
#pragma once

#include <cstdint>
#include <deque>
#include <vector>

#include <boost/unordered/unordered_flat_map.hpp>

#include "core/backlog.h"
#include "core/command.h"
#include "core/dead_letter.h"

namespace lepus::core {

struct Paging {
  struct Pending {
    std::uint64_t batch;  ///< It is written with this one.
    Sequence sequence;
    RecordPlace place;
  };
  std::deque<Pending> pending;  ///< Oldest batch first.
  std::vector<Get> gets;        ///< They wait for the head; oldest first.
  /// Dropped by a rule; they become dead letters when their content is here.
  boost::unordered_flat_map<Sequence, DeathReason> leaving;
  std::uint32_t asked_count = 0;
};

}  // namespace lepus::core
