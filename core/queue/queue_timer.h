// The deadline that a queue has registered with its shard: one at a time, the earliest of what the
// parts of the queue wait for.
#pragma once

#include "core/base/ids.h"
#include "core/base/time.h"
#include "core/queue/queue_host.h"

namespace lepus::core {

class QueueTimer {
 public:
  QueueTimer(QueueId queue, QueueHost& host) : queue_(queue), host_(host) {}

  /// Queue::on_deadline() is to be called at `time` or earlier; core::never: it need not.
  void wake_at(Nanos time) {
    if (time >= registered_) return;
    registered_ = time;
    host_.add_deadline(time, queue_);
  }
  /// The deadline has come: who waits for more has to say so again.
  void on_deadline() { registered_ = never; }

 private:
  QueueId queue_;
  QueueHost& host_;
  Nanos registered_ = never;  ///< The earliest that the host knows of.
};

}  // namespace lepus::core
