// A queue on its home shard: what its parts do together. Every event (a message, an
// acknowledgement, a consumer, credit) only changes state and schedules the queue; the shard pumps
// scheduled queues once per step.
//
//   push, requeue -> QueueState -> pump(): while a message is ready and Delivery names a consumer
//                                  that can take it: deliver
//   settle -> QueueState decides -> take(): QueueRecords tells the message log
//                                -> discard(): dead letters
//
// Consumers of a Queue compete for its messages: classic and quorum queues. A kind that does some
// of this in its own way overrides it (core/queue/queue_kind.h).
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include "core/exchange/deduplicator.h"
#include "core/queue/consumer.h"
#include "core/queue/dead_letter.h"
#include "core/queue/dead_letter_outbox.h"
#include "core/queue/delivery.h"
#include "core/queue/queue_host.h"
#include "core/queue/queue_records.h"
#include "core/queue/queue_state.h"
#include "core/queue/redeliveries.h"
#include "core/queue/residency.h"
#include "core/stream/stream_spec.h"
#include "core/topology/topology.h"

namespace lepus::core {

class Queue : public RunnableQueue, private Redeliveries::Source {
 public:
  /// Both outlive the queue. make_queue() (core/queue/queue_kind.h) makes one of the right kind.
  Queue(const QueueInfo& info, QueueHost& host);
  /// Once, before anything else.
  void open();
  ~Queue() override;

  const QueueInfo& info() const { return *info_; }
  std::uint64_t ready_count() const { return messages().ready_count(); }
  /// Those that wait for another try included.
  std::uint64_t unacked_count() const { return state_.unacked_count(); }
  std::uint64_t ready_body_bytes() const { return messages().ready_body_bytes(); }
  std::uint32_t consumer_count() const { return static_cast<std::uint32_t>(consumers().size()); }

  /// Its position; nullopt: the queue is full and refuses (x-overflow=reject-publish).
  [[nodiscard]] virtual std::optional<Sequence> push(MessageRef message);
  /// Returns true if this message is to be recorded for this queue.
  bool records(const Message& message) const { return records_.records(message); }
  /// Of so many messages more, of so many bytes altogether, it is going to refuse some, for no
  /// consumer can take any.
  virtual bool surely_refuses(std::uint64_t count, std::uint64_t bytes);
  // --- Queues that look at each message first: queue_store.cpp

  /// It deduplicates, or is the store of an exchange.
  bool needs_inspection() const {
    return deduplicator_ != nullptr || info_->store_use != StoreUse::none;
  }
  bool is_duplicate(const Message& message) const;
  /// It was accepted.
  void remember(const Message& message);
  /// What push() is to get; `is_shared`: others get it, too.
  MessageRef private_copy(const MessageRef& message, bool is_shared) const;
  /// Of a history: sends it where the binding leads.
  void replay(const BindingSpec& binding);

  /// What it held before the restart; before anything else happens to it.
  void restore(const RestoredQueue& restored);
  /// It goes, with all it holds: drops messages as long as the budget lasts, each takes one.
  /// Nothing need be settled, and its QueueInfo may be gone. Returns true if there are more.
  [[nodiscard]] virtual bool drop_records(std::size_t& budget);
  /// Tells the message log the delivery watermarks again.
  void repeat_watermarks() { records_.repeat_watermarks(); }
  /// Delivers what can be delivered, at most a turn's share. True: there is more to do that only
  /// needs another turn.
  [[nodiscard]] bool pump();
  /// Sends on what it gave up, as long as the budget lasts. True: there is more.
  [[nodiscard]] bool forward_pending(std::size_t& budget);
  /// What was published before is delivered as far as consumers can take it, and what has expired
  /// is gone: for commands whose answer says what the queue holds. Not within a pump or a publish.
  void catch_up();
  /// A message of this size that came now would go to a consumer. `hopes`: one that has to ask a
  /// channel on another shard for credit counts, too.
  virtual bool can_deliver_at_once(std::uint64_t size, bool hopes);

  /// Takes the head for basic.get; message count left in the reply.
  void get(const Get& request);
  virtual void settle(const Settle& settle, Consumer* consumer);
  /// What the consumer has unacknowledged is to reach it again.
  virtual void redeliver(const Redeliver& request, Consumer& consumer);
  struct Purge {
    Sequence below = 0;       ///< Those before are taken out; 0: it has not begun.
    std::uint64_t count = 0;  ///< So many were.
  };
  /// Takes the messages out that were ready when the purge began, as long as the budget lasts, each
  /// takes one. Until it returns false, nothing may come back to the queue.
  [[nodiscard]] bool purge(Purge& purge, std::size_t& budget);

  /// Returns null when it is refused, because somebody has or wants exclusive use. `stream`: with a
  /// queue of that type.
  virtual Consumer* subscribe(const ConsumerSpec& request, const StreamSpec* stream,
                              DeliveryPort* local);
  /// What it had unacked stays unacked until its channel settles it.
  virtual void unsubscribe(Consumer& consumer);
  /// It may be able to take again.
  virtual void consumer_changed(Consumer& consumer);
  /// Its channel granted it credit of the shared limit.
  virtual void grant_credit(Consumer& consumer, const Credit& credit);
  /// Its channel pauses it or goes on, or has got or lost a shared limit.
  void set_flow(Consumer& consumer, const ConsumerFlow& flow);
  const std::vector<Consumer*>& consumers() const { return delivery_.consumers(); }

  // --- Messages that are on disk only: queue_evicted.cpp

  std::uint64_t resident_count() const { return messages().resident_count(); }
  std::uint64_t resident_bytes() const { return messages().bytes(); }

  /// See Residency::evict().
  [[nodiscard]] virtual bool evict(bool memory_pressure);
  /// QueueHost::add_eviction_candidate() knows the queue no more: no message is in memory.
  void on_eviction_done() { residency_.on_eviction_done(); }
  /// The message log has written more. True: there is more to wait for.
  [[nodiscard]] virtual bool on_written() { return residency_.on_written(); }
  virtual std::optional<LocatedRecord> locate(Sequence sequence) const;
  virtual void on_moved(Sequence sequence, const RecordLocation& place);
  /// See RecordOwner::on_fetched().
  virtual bool on_fetched(Sequence sequence, const RecordLocation& place, MessageRef message);
  /// The record of an evicted message is damaged: it is gone.
  virtual void lose(Sequence sequence);
  /// Who waits for a message from disk (basic.get) gets none: the queue is being deleted.
  void abandon_gets();

  /// What it gave up is in all queues that were to have it, or one of them refused.
  void on_transferred(Sequence sequence, bool is_refused);
  /// QueueInfo::effective is another: a policy was set or cleared. queue_policies.cpp
  void on_policy_changed();
  /// Declared, inspected or read: it is in use (x-expires).
  void note_used();
  /// Its registered deadline has come.
  void on_deadline(Nanos now);

  /// The control thread was asked to delete it.
  bool is_deleting() const { return is_deleting_; }
  void set_deleting() { is_deleting_ = true; }

 protected:
  // --- What a kind does in its own way

  /// Delivers a turn's share. Returns true if there is more to do that only needs another turn.
  virtual bool deliver_share();
  virtual void restore_run(const RestoredRun& run);
  /// Where sequences go on, and the delivery watermarks.
  virtual void restore_positions(const RestoredQueue& restored);
  /// QueueInfo::effective is new or another.
  virtual void load_limits();
  /// What is held already follows the new limits.
  virtual void apply_policy();
  /// When run_due() has to be called next; core::never when time changes nothing.
  virtual Nanos next_due() const;
  /// Does what is due now; what is left over comes with the next deadline. Returns false if the
  /// queue is to be deleted.
  virtual bool run_due(Nanos now);

  void register_deadline();
  PriorityBacklog& messages() { return state_.messages(); }
  const PriorityBacklog& messages() const { return state_.messages(); }

  const QueueInfo* info_;
  QueueHost& host_;
  QueueState state_;
  QueueRecords records_;
  Residency residency_;
  Delivery delivery_;

 private:
  Delivery::Outgoing send_head(const Backlog::Ready& head, bool no_ack);
  MessageRef take(Sequence sequence);

  // queue_limits.cpp
  std::optional<Sequence> push_limited(MessageRef message);
  void dead_letter_rejected(const Message& message);
  void deliver_waiting();
  void expire_untaken(Sequence sequence);
  void expire_due(Nanos now);
  void drop_excess();
  void drop_excess_head();

  void serve_replays();  // queue_store.cpp

  // queue_forwarding.cpp
  bool is_forwarded(DeathReason reason) const;
  void discard(Sequence sequence, DeathReason reason);
  void retain_until_forwarded(Sequence sequence);
  void forward(Sequence sequence, DeathReason reason);
  void resume_forwarding();
  DeadLetterOutbox& dead_letters();

  // queue_returns.cpp
  void return_to_backlog(Sequence sequence, Outcome outcome);
  Redeliveries::Unacked find_unacked(Sequence sequence) override;
  void abandon_redeliveries(Consumer& consumer);
  void release_due(Nanos now);

  void answer_get(const Get& request);
  void serve_gets();

  Redeliveries redeliveries_;
  std::unique_ptr<DeadLetterOutbox> dead_letters_;  ///< Of what it gave up and has to keep for now.
  std::unique_ptr<Deduplicator> deduplicator_;      ///< With x-message-deduplication.
  std::unique_ptr<std::vector<BindingSpec>> replays_;  ///< Of a history that is not here yet.
  Nanos idle_since_;
  Nanos registered_deadline_ = never;  ///< The earliest the host knows of.
  bool is_pumping_ = false;
  bool is_forwarding_ = false;  ///< QueueHost::add_forwarding() knows it.
  bool is_deleting_ = false;
};

}  // namespace lepus::core
