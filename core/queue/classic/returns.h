// Messages that come back from a consumer: to their place in the queue at once, after a delay, to
// the same consumer, or nowhere when they came back too often. What a return means says QueueState;
// this carries it out.
#pragma once

#include <cstddef>
#include <memory>

#include "core/queue/classic/forwarding.h"
#include "core/queue/classic/limit_enforcer.h"
#include "core/queue/classic/queue_messages.h"
#include "core/queue/classic/redeliveries.h"
#include "core/queue/residency.h"

namespace lepus::core {

class Returns final : private Redeliveries::Source {
 public:
  /// The parts of the queue; all of them outlive this object.
  struct Parts {
    Residency& residency;
    Forwarding& forwarding;
    LimitEnforcer& limits;
  };
  Returns(const QueueContext& context, const Parts& parts) : context_(context), parts_(parts) {}

  /// An unacknowledged message comes back: it goes where the rules of the queue say.
  void on_returned(Sequence sequence, Outcome outcome);
  /// The retry delay of messages is over, or their time to live is. A bounded piece.
  void release_due(Nanos now);

  // --- Again to the same consumer (basic.recover with requeue=false)

  /// What the consumer has unacknowledged is to reach it again; that counts as a return.
  void redeliver(const Redeliver& request, Consumer& consumer);
  /// Sends it, as long as the budget lasts. Returns true if there is more that only needs another
  /// turn.
  [[nodiscard]] bool serve(const ConsumerList& consumers, std::size_t& budget) {
    return redeliveries_ && !redeliveries_->empty() &&
           redeliveries_->serve(consumers, *this, budget);
  }
  /// The consumer leaves: what it was to get again goes back to the queue.
  void abandon(Consumer& consumer);

 private:
  Redeliveries::Unacked find_unacked(Sequence sequence) override;

  const QueueContext& context_;
  Parts parts_;
  std::unique_ptr<Redeliveries> redeliveries_;  ///< From the first one on.
};

}  // namespace lepus::core
