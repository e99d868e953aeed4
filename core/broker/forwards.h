// What the broker itself is to publish, in order: dead letters and what leaves an exchange's store,
// which wait in their queues; copies of the firehose, events, a history, and what a full queue
// sends elsewhere, which wait here. All of it is published at the end of a step, so that no queue
// is pushed to while another one, or the same, is at work, however long the way is that it goes on.
//
//   Queue::discard() -> add(queue)  \                 as many as limits::forwards_per_pump
//   firehose, event -> add(message) > work() -> publish -> queues, which may add() again
#pragma once

#include <cstddef>
#include <deque>

#include <boost/container/small_vector.hpp>

#include "core/base/ids.h"
#include "core/message/message.h"
#include "core/topology/topology.h"

namespace lepus::core {

class Forwards {
 public:
  /// By the time it is published a queue of the route may be gone.
  struct Copy {
    MessageRef message;
    boost::container::small_vector<QueueId, 2> queues;
  };
  /// Publishes for Forwards::work().
  class Publisher {
   public:
    virtual ~Publisher() = default;
    virtual void publish_copy(Copy copy) = 0;
    /// Sends on what this queue gave up, as long as the budget lasts; each message takes one. True:
    /// there is more.
    virtual bool forward_pending(QueueId queue, std::size_t& budget) = 0;
  };

  void add(MessageRef message, const RouteResult& route);
  /// The queue has messages to send on; it is not in the list yet.
  void add(QueueId queue) { queues_.push_back(queue); }
  bool empty() const { return copies_.empty() && queues_.empty(); }
  /// More came than one call may publish: who makes more should wait.
  bool is_behind() const { return is_behind_; }
  /// A bounded piece, whatever it leads to.
  void work(Publisher& publisher);

 private:
  std::deque<Copy> copies_;
  std::deque<QueueId> queues_;
  bool is_behind_ = false;
};

}  // namespace lepus::core
