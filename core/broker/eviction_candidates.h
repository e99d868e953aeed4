// Queues with messages in memory, which give some of it up in turn. A queue is in the list from
// add() until a visit finds nothing of it in memory; ids of queues that are gone, or that came
// twice because a policy changed, are taken out when they are the most.
#pragma once

#include <algorithm>
#include <cstddef>
#include <vector>

#include "core/base/ids.h"
#include "core/limits.h"

namespace lepus::core {

class EvictionCandidates {
 public:
  void add(QueueId queue) { queues_.push_back(queue); }
  bool empty() const { return queues_.empty(); }
  std::size_t size() const { return queues_.size(); }

  /// Goes on where the last call ended: visit(queue) for at most limits::page_out_queues, until
  /// is_enough() is true. What visit() returns false for leaves the list.
  template <class Visit, class IsEnough>
  void visit_next(Visit&& visit, IsEnough&& is_enough) {
    for (std::size_t i = 0; i < limits::page_out_queues && !queues_.empty(); ++i) {
      if (is_enough()) return;
      if (next_ >= queues_.size()) next_ = 0;
      if (visit(queues_[next_])) {
        ++next_;
        continue;
      }
      queues_[next_] = queues_.back();
      queues_.pop_back();
    }
  }

  /// Once a turn: `queue_count` queues are there; is_gone(queue) says of one that it is not.
  template <class IsGone>
  void tidy(std::size_t queue_count, IsGone&& is_gone) {
    if (queues_.size() <= 2 * queue_count + limits::page_out_queues) return;
    std::erase_if(queues_, is_gone);
    std::sort(queues_.begin(), queues_.end());
    queues_.erase(std::unique(queues_.begin(), queues_.end()), queues_.end());
    queues_.shrink_to_fit();
  }

 private:
  std::vector<QueueId> queues_;
  std::size_t next_ = 0;
};

}  // namespace lepus::core
