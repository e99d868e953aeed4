// basic.get: answered with the head of the queue, or with nothing. While the head is on disk only,
// the requests wait in the order in which they came.
#pragma once

#include <memory>
#include <vector>

#include "core/queue/classic/queue_messages.h"
#include "core/queue/residency.h"

namespace lepus::core {

class PendingGets {
 public:
  /// Both outlive this object.
  PendingGets(const QueueContext& context, Residency& residency)
      : context_(context), residency_(residency) {}

  bool empty() const { return waiting_ == nullptr; }
  /// Answers at once if it can.
  void get(const Get& request);
  /// Answers those that can be by now.
  void serve();
  /// The queue is being deleted: all get none.
  void abandon();

 private:
  void answer(const Get& request);

  const QueueContext& context_;
  Residency& residency_;
  std::unique_ptr<std::vector<Get>> waiting_;  ///< Null: nobody waits.
};

}  // namespace lepus::core
