// When which queue is to be called: a heap, the earliest first. A queue registers an earlier time
// beside a later one and takes nothing back: it is called at each of them, and registers again what
// it waits for then. So one entry for each queue, the earliest, is enough; the others, and those of
// queues that are gone, are taken out when they are the most.
#pragma once

#include <algorithm>
#include <cstddef>
#include <functional>
#include <optional>
#include <vector>

#include <boost/unordered/unordered_flat_set.hpp>

#include "core/base/ids.h"
#include "core/base/time.h"
#include "core/limits.h"

namespace lepus::core {

class QueueDeadlines {
 public:
  void add(Nanos time, QueueId queue) {
    heap_.push_back({time, queue});
    std::push_heap(heap_.begin(), heap_.end(), std::greater<>{});
  }
  /// core::never if there is none.
  Nanos next() const { return heap_.empty() ? never : heap_.front().at; }
  std::size_t size() const { return heap_.size(); }
  /// Takes the next one out if it is due.
  std::optional<QueueId> take_due(Nanos now) {
    if (next() > now) return std::nullopt;
    const QueueId queue = heap_.front().queue;
    std::pop_heap(heap_.begin(), heap_.end(), std::greater<>{});
    heap_.pop_back();
    return queue;
  }
  /// Once a turn. `queue_count` queues are there; is_gone(queue) says of one that it is not.
  template <class IsGone>
  void tidy(std::size_t queue_count, IsGone&& is_gone) {
    if (heap_.size() <= 2 * queue_count + limits::deadlines_spare) return;
    std::sort(heap_.begin(), heap_.end());
    boost::unordered_flat_set<QueueId> has_entry;
    std::erase_if(heap_, [&](const Entry& entry) {
      return is_gone(entry.queue) || !has_entry.insert(entry.queue).second;
    });
    heap_.shrink_to_fit();  // What is sorted is a heap.
  }

 private:
  struct Entry {
    Nanos at;
    QueueId queue;
    auto operator<=>(const Entry&) const = default;
  };
  std::vector<Entry> heap_;
};

}  // namespace lepus::core
