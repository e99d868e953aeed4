// Copies and queues by turns, so that none waits for the other.
#include "core/broker/forwards.h"

#include <algorithm>
#include <utility>

#include "core/base/assert.h"
#include "core/limits.h"

namespace lepus::core {

void Forwards::add(MessageRef message, const RouteResult& route) {
  if (route.empty()) return;
  CHECK(message);
  CHECK(message->complete());
  Copy& copy = copies_.emplace_back();
  copy.message = std::move(message);
  for (const QueueInfo* queue : route) copy.queues.push_back(queue->id);
}

void Forwards::work(Publisher& publisher) {
  std::size_t budget = limits::forwards_per_pump;
  while (budget > 0 && !empty()) {
    if (!copies_.empty()) {
      Copy copy = std::move(copies_.front());
      copies_.pop_front();
      budget -= std::min(budget, copy.queues.size());
      publisher.publish_copy(std::move(copy));
    }
    if (queues_.empty()) continue;
    const QueueId queue = queues_.front();
    queues_.pop_front();
    const std::size_t share = std::min(budget, limits::forwards_per_queue);
    std::size_t left = share;
    if (publisher.forward_pending(queue, left)) queues_.push_back(queue);
    CHECK(left <= share);
    budget -= share - left;
  }
  is_behind_ = !empty();
}

}  // namespace lepus::core
