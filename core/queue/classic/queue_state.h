// The messages of a queue and the rules about them, as a function of commands and time: which are
// ready, unacknowledged or delayed, when they expire, how often they came back, and whether there
// are too many.
//
//   push -> ready -> [delivered] unacknowledged -> on_returned(): ready again, delayed, or to be
//                                                  dropped
//                                               -> forget(): settled
//   next_expired(), next_released(), next_excess(): what time and limits ask for, one by one
//
// It calls nobody and reads no clock: `now` comes in, and what is to leave the queue comes out as a
// Drop. Carrying it out (the message log, dead letters) is the queue's business, which then calls
// forget(). The same commands at the same times have the same effects.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>

#include "core/base/time.h"
#include "core/broker/command.h"
#include "core/broker/ports.h"
#include "core/queue/backlog/priority_backlog.h"
#include "core/queue/classic/expiry.h"
#include "core/queue/classic/retry_state.h"
#include "core/queue/dead_letter.h"
#include "core/topology/topology.h"

namespace lepus::core {

class QueueState {
 public:
  /// A message that is to leave the queue: it is dropped or becomes a dead letter.
  struct Drop {
    Sequence sequence = 0;
    DeathReason reason = DeathReason::expired;
    bool operator==(const Drop&) const = default;
  };
  enum class Returned : std::uint8_t {
    requeued,  ///< Ready at its place.
    delayed,   ///< Ready after its retry delay.
    expired,   ///< Its time to live was over: to be dropped.
    too_often  ///< It came back more often than x-delivery-limit allows: to be dropped.
  };

  explicit QueueState(const QueueInfo& info);

  PriorityBacklog& messages() { return messages_; }
  const PriorityBacklog& messages() const { return messages_; }
  /// Unacknowledged ones, and those that wait for another try.
  std::uint64_t unacked_count() const {
    return messages_.unacked_count() + (retry_ ? retry_->delayed_count() : 0);
  }

  /// QueueInfo::effective is new or another. When messages arrived is known since the queue has a
  /// TTL; those that were there before count from now on.
  void load_limits(Nanos now);
  /// Returns true if the queue has limits or a TTL.
  bool has_limits() const { return has_limits_; }
  /// Returns true if one message more would be too much.
  bool is_full_for(const Message& message) const { return exceeds(1, message.body_size()); }
  /// Returns true if there are too many ready messages.
  bool is_over_limit() const { return exceeds(0, 0); }
  /// Returns true if so many messages more, of so many bytes altogether, would be too much.
  bool exceeds(std::uint64_t count, std::uint64_t bytes) const;

  Sequence push(MessageRef message, Nanos now);
  /// After a restart. `wall_clock_offset`: nanoseconds since 1970 less `now`.
  void restore(const RestoredRun& run, Nanos now, Nanos wall_clock_offset);
  /// After the last restore().
  void end_restore();
  /// The message left the queue for good.
  void forget(Sequence sequence) {
    if (retry_) retry_->forget(sequence);
    if (expiry_) expiry_->forget_gone(messages_);
  }
  /// An unacknowledged message is settled: it will not return.
  void on_settled(Sequence sequence) {
    if (expiry_) expiry_->forget_overdue(sequence);
  }
  /// An unacknowledged message comes back.
  [[nodiscard]] Returned on_returned(Sequence sequence, Outcome outcome, Nanos now);
  /// A message that is parked, because its record could not be read (UnreadableMessages), is ready
  /// again at its place; false: it has expired and is to be dropped.
  [[nodiscard]] bool unpark(Sequence sequence);
  /// Counts a return. True: it was one too many.
  [[nodiscard]] bool count_return(Sequence sequence, Outcome outcome);
  /// How often it came back, where that is counted.
  std::uint32_t delivery_count(Sequence sequence) const {
    return retry_ ? retry_->count(sequence) : 0;
  }

  /// The next ready message that has expired. Each message that was looked at takes one of the
  /// budget. Nothing: none has, or the budget is used up.
  std::optional<Drop> next_expired(Nanos now, std::size_t& budget);
  struct Released {
    Sequence sequence = 0;
    bool is_expired = false;  ///< To be dropped; else it is ready.
  };
  /// The next message whose retry delay is over.
  std::optional<Released> next_released(Nanos now);
  /// The message to drop while there are too many ready ones.
  std::optional<Drop> next_excess();
  /// Returns true if any message can expire.
  bool has_expiry() const { return expiry_ != nullptr; }
  /// Times of messages that are remembered, also of some that are gone.
  std::size_t expiry_count() const { return expiry_ ? expiry_->entry_count() : 0; }
  /// When time asks for something next; core::never if it does not.
  Nanos next_deadline() const;

 private:
  Nanos retry_delay(Sequence sequence, Outcome outcome) const;

  const QueueInfo& info_;
  PriorityBacklog messages_;
  std::unique_ptr<Expiry> expiry_;     ///< With a TTL, or from the first message with one on.
  std::unique_ptr<RetryState> retry_;  ///< With a rule about what comes back.
  bool has_limits_ = false;
};

}  // namespace lepus::core
