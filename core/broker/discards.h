// What is thrown away piece by piece, at most limits::discards_per_turn_max a turn (discard_cost):
// the messages of queues that are purged, and queues that were deleted, which nobody finds any
// more. Purges come first: somebody waits for them.
#pragma once

#include <cstddef>
#include <deque>
#include <memory>
#include <utility>

#include "core/base/ids.h"
#include "core/broker/command.h"
#include "core/limits.h"
#include "core/queue/queue.h"

namespace lepus::core {

class Discards {
 public:
  struct Purge {
    QueueId queue;
    ChannelRef channel;  ///< Gets the answer.
    Queue::Purge progress = {};
  };

  void add(std::unique_ptr<Queue> deleted) { queues_.push_back(std::move(deleted)); }
  void add(const Purge& purge) { purges_.push_back(purge); }
  bool empty() const { return purges_.empty() && queues_.empty(); }
  bool is_purging() const { return !purges_.empty(); }

  /// One turn's piece. purge_piece(purge, budget) goes on with one, answers it when it is done, and
  /// returns true if it is not.
  template <class F>
  void work(F&& purge_piece) {
    std::size_t budget = limits::discards_per_turn_max;
    while (budget > 0 && !purges_.empty() && !purge_piece(purges_.front(), budget))
      purges_.pop_front();
    while (budget > 0 && !queues_.empty() && !queues_.front()->storage().drop_records(budget))
      queues_.pop_front();
  }
  /// Something is to come back to this queue, which its purges must not take: calls
  /// interrupt(Queue::Purge&) for each of them.
  template <class F>
  void before_return(QueueId queue, F&& interrupt) {
    for (Purge& purge : purges_)
      if (purge.queue == queue) interrupt(purge.progress);
  }

 private:
  std::deque<Purge> purges_;
  std::deque<std::unique_ptr<Queue>> queues_;
};

}  // namespace lepus::core
