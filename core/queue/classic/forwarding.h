// What a queue gives up and somebody else is to have: dead letters, what leaves the store of an
// exchange when its time has come, and the history of an exchange for a new binding.
//
//   discard -> sent on in one step where both ends are in the same batch of the journal
//           -> else retained here (core/queue/classic/dead_letter_outbox.h) until it is there
//
// Nothing is sent while the queue is at work: the shard calls forward_pending() at the end of the
// step.
#pragma once

#include <cstddef>
#include <memory>
#include <optional>
#include <vector>

#include "core/queue/classic/dead_letter_outbox.h"
#include "core/queue/classic/queue_messages.h"
#include "core/queue/dead_letter.h"
#include "core/queue/queue_ports.h"
#include "core/queue/residency.h"

namespace lepus::core {

class Forwarding final : public QueueForwards {
 public:
  /// Both outlive this object.
  Forwarding(const QueueContext& context, Residency& residency)
      : context_(context), residency_(residency) {}

  /// The message leaves the queue: it is dropped, or sent on when the queue is not at work any
  /// more.
  void discard(Sequence sequence, DeathReason reason);
  /// The queue refuses a message that it never had; it goes where dead letters go.
  void forward_refused(const Message& message);
  /// Goes on if something waits to be sent on.
  void resume();
  /// When there is something to go on with; core::never if time changes nothing.
  Nanos next_deadline() const;

  /// The content of an evicted message is in memory.
  void on_resident(Sequence sequence);
  /// The record of a message cannot be read: it left the queue, or is parked in it. Returns why it
  /// was on its way out; none: it was not.
  std::optional<DeathReason> on_unreadable(Sequence sequence);
  /// A message that was on its way out goes on.
  void retry(Sequence sequence, DeathReason reason);
  /// Returns true while a history waits for its contents: none may be evicted.
  bool is_replaying() const { return replays_ != nullptr; }

  bool forward_pending(std::size_t& budget) override;
  bool forward_rest(std::size_t& budget) override;
  std::size_t pending_count() const override { return outbox_ ? outbox_->pending_count() : 0; }
  void on_transferred(Sequence sequence, bool is_refused) override;
  void replay(const BindingSpec& binding) override;

 private:
  bool is_forwarded(DeathReason reason) const;
  void count_death(DeathReason reason);
  void forward(Sequence sequence, DeathReason reason);
  void take_forwarded(Sequence sequence);
  void serve_replays();

  const QueueContext& context_;
  Residency& residency_;
  std::unique_ptr<DeadLetterOutbox> outbox_;  ///< From the first message on that is sent on.
  std::unique_ptr<std::vector<BindingSpec>> replays_;  ///< Of a history that is not here yet.
  bool is_listed_ = false;                             ///< QueueHost::add_forwarding() knows it.
};

}  // namespace lepus::core
