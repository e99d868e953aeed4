// Delivery: who takes the next message, and what a settled one means.
#include "core/queue/queue.h"

#include <algorithm>
#include <utility>

namespace lepus::core {

Queue::Queue(const QueueInfo& info, QueueHost& host)
    : info_(&info),
      host_(host),
      state_(info),
      records_(info, messages(), host.message_log()),
      residency_({info, host, messages(), records_}),
      delivery_(info, host),
      redeliveries_(info.id, host),
      idle_since_(host.now()) {}

Queue::~Queue() = default;

void Queue::open() {
  CHECK(registered_deadline_ == never);
  load_limits();
  register_deadline();
}

std::optional<Sequence> Queue::push(MessageRef message) {
  CHECK(message->complete());
  residency_.note_resident();
  if (state_.has_limits() || message->ttl_ms() != Message::no_ttl)
    return push_limited(std::move(message));
  const Sequence sequence = messages().push(std::move(message));
  host_.schedule(*this);
  return sequence;
}

/// Null: it was on disk only.
MessageRef Queue::take(Sequence sequence) {
  MessageRef message = records_.take(sequence);
  state_.forget(sequence);
  if (dead_letters_) dead_letters_->forget(sequence);
  return message;
}

// --- After a restart, and at the end

bool Queue::drop_records(std::size_t& budget) {
  residency_.drop_pending();
  return records_.drop_next(budget);
}

void Queue::restore(const RestoredQueue& restored) {
  CHECK(records_.is_durable());
  for (const RestoredRun& run : restored.runs) restore_run(run);
  state_.end_restore();
  if (!restored.runs.empty()) residency_.engage();
  restore_positions(restored);
  register_deadline();
  // What was unacknowledged counts again. Dropped when exchanges and bindings are there, too.
  if (state_.is_over_limit()) host_.add_deadline(host_.now(), info_->id);
  if (messages().ready_count() > 0) host_.schedule(*this);
}

void Queue::restore_run(const RestoredRun& run) {
  state_.restore(run, host_.now(), host_.turn().wall_clock_offset);
}

/// The message log may move what is held away from where deliveries were announced.
void Queue::restore_positions(const RestoredQueue& restored) {
  for (const Sequence next : restored.next) messages().continue_at(next);
  for (const Sequence below : restored.delivered_below) messages().restore_watermark(below);
}

/// With priorities, what comes meanwhile may be in front of what was there: all at once.
bool Queue::purge(Purge& purge, std::size_t& budget) {
  std::uint64_t left = budget;
  if (purge.below == 0) purge.below = messages().end();
  if (info_->parsed->max_priority) {
    purge.below = UINT64_MAX;
    left = messages().ready_count();
  }
  for (; messages().ready_count() > 0; --left) {
    const Sequence oldest = messages().peek().sequence;
    if (oldest >= purge.below) return false;
    if (left == 0) break;
    (void)take(oldest);
    ++purge.count;
    budget -= std::min<std::size_t>(budget, 1);
  }
  return messages().ready_count() > 0;
}

// --- Delivery

/// A channel that is closing gives back at once what it gets.
bool Queue::pump() {
  if (std::exchange(is_pumping_, true)) return true;
  const bool has_more = deliver_share();
  is_pumping_ = false;
  return has_more;
}

bool Queue::deliver_share() {
  if (residency_.has_pending_gets()) serve_gets();
  std::size_t budget = limits::deliveries_per_pump_max;
  bool must_retry =
      !redeliveries_.empty() && redeliveries_.serve(delivery_.consumers(), *this, budget);
  Delivery::Round round{delivery_};
  while (round.has_next() && messages().ready_count() > 0 && budget > 0) {
    const Backlog::Ready head = messages().peek();
    if (head.message == nullptr) {
      residency_.request_fetch(head.sequence);
      break;
    }
    Consumer* taker = round.next_taker({head.message->body_size(), messages().ready_count()});
    if (taker == nullptr) break;
    delivery_.deliver(*taker, send_head(head, taker->spec.no_ack));
    round.on_taken(*taker);
    --budget;
  }
  must_retry |= round.must_retry();
  if (messages().ready_count() == 0) delivery_.give_up_credit();
  if (residency_.is_engaged()) {
    if (delivery_.has_takers()) residency_.read_ahead();
    if (messages().ready_count() == 0) residency_.release();
  }
  return must_retry || (budget == 0 && messages().ready_count() > 0 && delivery_.has_takers());
}

/// For good, or until it is settled. Inlined, or the call costs half as much as what it does.
[[gnu::always_inline]] inline Delivery::Outgoing Queue::send_head(const Backlog::Ready& head,
                                                                  bool no_ack) {
  Delivery::Outgoing out{head.sequence,
                         head.redelivered,
                         head.redelivered ? state_.delivery_count(head.sequence) : 0,
                         {}};
  if (no_ack) {
    out.message = take(head.sequence);
  } else {
    records_.advance_watermark(head.sequence);
    messages().deliver(head.sequence);
    out.message = MessageRef::share(head.message);
  }
  return out;
}

void Queue::get(const Get& request) {
  note_used();
  const bool has_to_wait =
      residency_.has_pending_gets() || (messages().ready_count() > 0 && !residency_.obtain_head());
  if (!has_to_wait) return answer_get(request);
  residency_.add_pending_get(request);
  host_.schedule(*this);
}

/// With the head, which is here, or with nothing.
void Queue::answer_get(const Get& request) {
  GetReply reply{request.channel, 0, info_->id, 0, {}, host_.shard(), false, request.no_ack};
  if (messages().ready_count() == 0) return host_.answer_get(std::move(reply), {});
  Delivery::Outgoing head = send_head(messages().peek(), request.no_ack);
  reply.sequence = head.sequence;
  reply.redelivered = head.redelivered;
  reply.delivery_count = head.delivery_count;
  reply.message_count = static_cast<std::uint32_t>(messages().ready_count());
  host_.answer_get(std::move(reply), std::move(head.message));
}

void Queue::settle(const Settle& settle, Consumer* consumer) {
  CHECK(settle.first <= settle.last);
  // What a client gives back may be due by now. What it never had comes back within a pump.
  if (requeues(settle.outcome) && settle.outcome != Outcome::undelivered) expire_due(host_.now());
  const bool counts_bytes = consumer != nullptr && consumer->spec.prefetch_size > 0;
  for (Sequence sequence = settle.first; sequence <= settle.last; ++sequence) {
    if (messages().state(sequence) != Backlog::State::unacked) continue;
    const std::uint64_t size = counts_bytes ? messages().slot_at(sequence).body_size() : 0;
    if (requeues(settle.outcome)) {
      return_to_backlog(sequence, settle.outcome);
    } else {
      state_.on_settled(sequence);
      if (settle.outcome == Outcome::rejected) {
        discard(sequence, DeathReason::rejected);
      } else {
        (void)take(sequence);
      }
    }
    if (consumer != nullptr) consumer->drop_unacked(1, size);
  }
  if (consumer != nullptr) consumer_changed(*consumer);
  if (requeues(settle.outcome)) host_.schedule(*this);
}

}  // namespace lepus::core
