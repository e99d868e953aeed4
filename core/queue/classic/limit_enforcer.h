// What the arguments of a queue ask for when a message comes or time passes: length limits and
// overflow, and time to live. Which messages have to go says QueueState; this carries it out.
//
//   push() -> full: refused, or the oldest goes
//          -> time to live of 0: to a consumer at once, or gone
//   expire_due(): gone when the time has come
//
// Queues without such arguments never come here.
#pragma once

#include <cstdint>
#include <optional>

#include "core/queue/classic/delivery.h"
#include "core/queue/classic/forwarding.h"
#include "core/queue/classic/queue_messages.h"

namespace lepus::core {

class LimitEnforcer {
 public:
  /// All outlive this object.
  LimitEnforcer(const QueueContext& context, Delivery& delivery, Forwarding& forwarding)
      : context_(context), delivery_(delivery), forwarding_(forwarding) {}

  /// Into a queue with limits, or with a time to live of its own. See Queue::push().
  [[nodiscard]] std::optional<Sequence> push(MessageRef message);
  /// See Queue::catch_up() and surely_refuses().
  void catch_up();
  [[nodiscard]] bool surely_refuses(std::uint64_t count, std::uint64_t bytes);
  /// Returns true if a message of this size that came now would go to a consumer. `hopes`: one that
  /// has to ask a channel on another shard for credit counts, too.
  bool can_deliver_at_once(std::uint64_t size, bool hopes);

  /// Messages whose time has come are discarded, a bounded piece.
  void expire_due();
  /// A full queue that drops its head has a message more that is ready again.
  void drop_excess_head();

 private:
  void drop_excess();
  void deliver_waiting();
  void expire_undelivered(Sequence sequence);

  const QueueContext& context_;
  Delivery& delivery_;
  Forwarding& forwarding_;
};

}  // namespace lepus::core
