// Who takes the next message, and what a settled one means.
#include "core/queue/classic/classic_queue.h"

#include <algorithm>
#include <utility>

#include "core/limits.h"
#include "core/queue/classic/classic_kind.h"
#include "core/queue/discard_cost.h"
#include "core/queue/queue_description.h"

namespace lepus::core {

ClassicQueue::ClassicQueue(const QueueInfo& info, QueueHost& host)
    : Queue(info, classic_kind(info.parsed->queue_type).records_all),
      messages_(info, record_rule(), host.message_log()),
      timer_(info.id, host),
      context_{*this, info, host, messages_, timer_},
      idle_(host.now()),
      residency_({info, host, messages_.backlog(), messages_.records()}),
      delivery_(info, host),
      forwarding_(context_, residency_),
      limits_(context_, delivery_, forwarding_),
      returns_(context_, {residency_, forwarding_, limits_}),
      gets_(context_, residency_),
      consumers_(context_, delivery_, returns_),
      storage_(context_, {residency_, forwarding_, gets_}) {
  load_rules();
  timer_.wake_at(next_deadline());
}

std::optional<Sequence> ClassicQueue::push(MessageRef message) {
  CHECK(message->complete());
  residency_.note_resident();
  if (messages_.state().has_limits() || message->ttl_ms() != Message::no_ttl)
    return limits_.push(std::move(message));
  if (record_rule().is_durable) messages_.records().note_pushed(*message);
  const Sequence sequence = messages_.backlog().push(std::move(message));
  context_.host.schedule(*this);
  return sequence;
}

// --- Delivery

/// A channel that is closing gives back at once what it gets.
bool ClassicQueue::pump() {
  if (std::exchange(is_pumping_, true)) return true;
  const bool has_more = deliver_share();
  is_pumping_ = false;
  return has_more;
}

bool ClassicQueue::deliver_share() {
  PriorityBacklog& backlog = messages_.backlog();
  if (!gets_.empty()) gets_.serve();
  if (is_deleting()) return false;
  std::size_t budget = limits::deliveries_per_pump_max;
  bool must_retry = returns_.serve(delivery_.consumers(), budget);
  const std::size_t budget_before = budget;
  std::uint64_t no_ack_count = 0;
  Delivery::Round round{delivery_};
  while (round.has_next() && backlog.ready_count() > 0 && budget > 0) {
    const Backlog::Ready head = backlog.peek();
    if (head.message == nullptr) {
      residency_.request_fetch(head.sequence);
      break;
    }
    Consumer* taker = round.next_taker({head.message->body_size(), backlog.ready_count()});
    if (taker == nullptr) break;
    no_ack_count += taker->spec.no_ack ? 1 : 0;
    delivery_.deliver(*taker, messages_.send_head(head, taker->spec.no_ack));
    round.on_taken(*taker);
    --budget;
  }
  if (budget < budget_before) count_delivered(budget_before - budget, no_ack_count);
  if (QueueTally* tally = backlog.tally.find())
    tally->capacity.note(backlog.ready_count() > 0 && !delivery_.has_takers(), context_.host.now());
  must_retry |= round.must_retry();
  if (backlog.ready_count() == 0) delivery_.give_up_credit();
  if (residency_.is_engaged()) {
    if (delivery_.has_takers()) residency_.read_ahead();
    if (backlog.ready_count() == 0) residency_.release();
  }
  return must_retry || (budget == 0 && backlog.ready_count() > 0 && delivery_.has_takers());
}

void ClassicQueue::count_delivered(std::uint64_t count, std::uint64_t no_ack_count) {
  CHECK(no_ack_count <= count);
  MessageCounts& counts = messages_.backlog().tally->counts;
  counts[MessageEvent::deliver] += count - no_ack_count;
  counts[MessageEvent::deliver_no_ack] += no_ack_count;
}

void ClassicQueue::settle(const Settle& settle, Consumer* consumer) {
  CHECK(settle.first <= settle.last);
  PriorityBacklog& backlog = messages_.backlog();
  std::uint64_t ack_count = 0;
  // What a client gives back may be due by now. What it never had comes back within a pump.
  if (requeues(settle.outcome) && settle.outcome != Outcome::undelivered) limits_.expire_due();
  const bool counts_bytes = consumer != nullptr && consumer->spec.prefetch_size > 0;
  for (Sequence sequence = settle.first; sequence <= settle.last; ++sequence) {
    if (backlog.state(sequence) != Slot::State::unacked) continue;
    const std::uint64_t size = counts_bytes ? backlog.slot_at(sequence).body_size() : 0;
    if (requeues(settle.outcome)) {
      returns_.on_returned(sequence, settle.outcome);
    } else {
      messages_.state().on_settled(sequence);
      if (settle.outcome == Outcome::rejected) {
        forwarding_.discard(sequence, DeathReason::rejected);
      } else {
        ++ack_count;
        (void)messages_.take(sequence);
      }
    }
    if (consumer != nullptr) consumer->drop_unacked(1, size);
  }
  if (ack_count > 0) backlog.tally->counts[MessageEvent::ack] += ack_count;
  if (consumer != nullptr) consumers_.on_changed(*consumer);
  if (requeues(settle.outcome)) context_.host.schedule(*this);
}

void ClassicQueue::redeliver(const Redeliver& request, Consumer& consumer) {
  returns_.redeliver(request, consumer);
  consumers_.on_changed(consumer);
  context_.host.schedule(*this);
}

void ClassicQueue::get(const Get& request) {
  note_used();
  gets_.get(request);
}

/// What came back before it began goes first, of all levels: what comes back later is told from it
/// by that. Then level by level: what comes meanwhile at a higher one is not in front of what was
/// there.
bool ClassicQueue::purge(Purge& purge, std::size_t& budget) {
  using Ready = PriorityBacklog::Ready;
  if (!purge.ends) {
    purge.ends.emplace();
    const unsigned level_max = info().parsed->max_priority.value_or(0);
    for (unsigned level = 0; level <= level_max; ++level)
      purge.ends->push_back(messages_.backlog().end(static_cast<std::uint8_t>(level)));
  }
  std::vector<Sequence>& ends = *purge.ends;
  if (!purge.is_returned_out) {
    for (const Sequence end : ends)
      if (purge_each(purge, budget, {end, Ready::came_back})) return true;
    purge.is_returned_out = true;
  }
  if (purge.is_interrupted) return true;
  for (; !ends.empty(); ends.pop_back())
    if (purge_each(purge, budget, {ends.back(), Ready::undelivered})) return true;
  return false;
}

/// Returns true if there are more, and the budget is used up.
bool ClassicQueue::purge_each(Purge& purge, std::size_t& budget, const Purged& what) {
  PriorityBacklog& backlog = messages_.backlog();
  while (const auto found = backlog.first_ready_below(what.end, what.which)) {
    if (budget == 0) return true;
    const MessageRef message = messages_.take(*found);
    ++backlog.tally->purged;
    budget -= std::min(budget, discard_cost(message.get()));
    ++purge.count;
  }
  return false;
}

// --- Rules

/// What is held already follows the new rules.
void ClassicQueue::on_policy_changed() {
  load_rules();
  residency_.on_policy_changed();
  idle_.note_used(context_.host.now());
  limits_.drop_excess_head();
  timer_.wake_at(next_deadline());
}

void ClassicQueue::load_rules() {
  messages_.state().load_limits(context_.host.now());
  if (!inspector_) inspector_ = std::make_unique<MessageInspector>(info(), context_.host);
  inspector_->load_rules();
  if (!inspector_->is_needed()) inspector_.reset();
}

// --- Time

void ClassicQueue::note_used() {
  idle_.note_used(context_.host.now());
  timer_.wake_at(idle_deadline());
}

/// With consumers it is in use.
Nanos ClassicQueue::idle_deadline() const {
  return delivery_.consumers().empty() && !is_deleting() ? idle_.deadline(info()) : never;
}

Nanos ClassicQueue::next_deadline() const {
  return std::min(
      {messages_.state().next_deadline(), forwarding_.next_deadline(), idle_deadline()});
}

/// What is left over comes with the next deadline.
void ClassicQueue::on_deadline(Nanos now) {
  timer_.on_deadline();
  limits_.drop_excess_head();
  returns_.release_due(now);
  forwarding_.resume();
  limits_.expire_due();
  if (idle_deadline() <= now) return context_.host.delete_expired(info().id);
  timer_.wake_at(next_deadline());
}

// --- What is told of it

Queue::Counts ClassicQueue::counts() const {
  const PriorityBacklog& backlog = messages_.backlog();
  return {backlog.ready_count(),
          messages_.state().unacked_count(),
          backlog.counts().ready_body_bytes,
          backlog.resident_count(),
          backlog.counts().bytes,
          static_cast<std::uint32_t>(delivery_.consumers().size())};
}

void ClassicQueue::describe(QueueStats& row) {
  const Nanos now = context_.host.now();
  describe_messages(messages_.backlog(), context_.host.turn(), row);
  const Counts counts = this->counts();
  row.messages_unacknowledged = counts.unacked;
  row.messages_delayed = counts.unacked - messages_.backlog().unacked_count();
  row.consumers = counts.consumers;
  if (!row.idle_since_ms) row.idle_since_ms = wall_clock_ms(context_.host.turn(), idle_.used_at());
  describe_consumers(delivery_.consumers(), delivery_.single_active(), row);
  QueueTally* tally = messages_.backlog().tally.find();
  if (tally == nullptr || counts.consumers == 0) {
    row.consumer_capacity_permille = counts.consumers == 0 ? 0 : 1'000;
  } else {
    row.consumer_capacity_permille = tally->capacity.sample(now);
  }
}

}  // namespace lepus::core
