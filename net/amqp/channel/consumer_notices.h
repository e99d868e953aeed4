// What is told of the consumers of a channel without being asked for: to the client that its queue
// cancelled one (basic.cancel), to the log that one did not acknowledge in time, and the events of
// net/amqp/connection/events.h. Has the timer that finds the overdue ones.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "io/timers.h"
#include "net/amqp/channel/channel_link.h"

namespace lepus::amqp {

class ConsumerNotices {
 public:
  /// `link` outlives this object, its session at least the last call.
  explicit ConsumerNotices(const ChannelLink& link);
  ~ConsumerNotices();
  ConsumerNotices(const ConsumerNotices&) = delete;
  ConsumerNotices& operator=(const ConsumerNotices&) = delete;

  /// Its queue has it from now on (true), or it is gone (false).
  void on_changed(const core::SessionConsumer& consumer, bool is_there);
  /// Its queue is gone or cancelled it. The client hears of it when it can, and not before the
  /// answer to its own queue.delete.
  void on_cancelled(std::uint32_t number);
  /// The client's queue.delete is answered.
  void on_queue_deleted();
  /// A consumer with a timeout came: from now on the overdue ones are looked for.
  void watch() { look_for_overdue(overdue_timer_); }
  /// A delivery was not acknowledged in time: the consumer is about to be cancelled.
  void on_overdue(const core::SessionConsumer& consumer);

 private:
  void look_for_overdue(io::Timer& timer);

  const ChannelLink& link_;
  std::vector<std::string> cancelled_tags_;  ///< To be told after the pending queue.delete.
  io::Timer overdue_timer_;
};

}  // namespace lepus::amqp
