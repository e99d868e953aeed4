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

#include "core/broker/command.h"
#include "core/queue/backlog.h"

namespace lepus::core {

struct Paging {
  struct Pending {
    std::uint64_t batch;  ///< It is written with this one.
    Sequence sequence;
    RecordPlace place;
  };
  std::deque<Pending> pending;  ///< Oldest batch first.
  std::vector<Get> gets;        ///< They wait for the head; oldest first.
  std::uint32_t asked_count = 0;
};

}  // namespace lepus::core
