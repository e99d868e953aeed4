// What a queue's arguments ask of it: TTL and expiry, length limits and overflow, idle expiry, and
// what becomes of a message it gives up. Queues without such arguments never come here.
#include <algorithm>
#include <utility>

#include "core/limits.h"
#include "core/queue/dead_letter.h"
#include "core/queue/queue.h"

namespace lepus::core {

namespace {}

/// A consumer that is ready takes a message before it counts against a limit.
std::optional<Sequence> Queue::push_limited(MessageRef message) {
  const bool refuses = info_->effective->overflow != Overflow::drop_head;
  if (refuses && state_.is_full_for(*message)) {
    if (pump()) host_.schedule(*this);
    if (state_.is_full_for(*message) && !can_deliver_at_once(message->body_size(), true)) {
      if (info_->effective->overflow == Overflow::reject_publish_dead_letter)
        dead_letter_rejected(*message);
      return std::nullopt;
    }
  }
  const std::uint64_t ttl_ms = message->ttl_ms();
  const Sequence sequence = state_.push(std::move(message), host_.now());
  if (state_.has_expiry()) register_deadline();
  host_.schedule(*this);
  // What leaves an exchange's store goes on with the next deadline, not within this publish.
  const bool expires_now = ttl_ms == 0 || info_->effective->message_ttl_ms == 0U;
  if (expires_now && info_->store_use == StoreUse::none) expire_untaken(sequence);
  if (state_.is_over_limit()) drop_excess();
  return sequence;
}

/// A time to live of 0: it goes to a consumer that can take it now, or it was never here.
void Queue::expire_untaken(Sequence sequence) {
  deliver_waiting();
  if (messages().state(sequence) == Backlog::State::ready) discard(sequence, DeathReason::expired);
}

/// As many shares as one connection's input may bring messages, unless consumers are slower.
void Queue::deliver_waiting() {
  for (std::size_t i = 0; i < limits::catch_up_shares_max; ++i)
    if (!pump()) return;
  host_.schedule(*this);
}

void Queue::catch_up() {
  deliver_waiting();
  expire_due(host_.now());
}

bool Queue::surely_refuses(std::uint64_t count, std::uint64_t bytes) {
  const QueueArguments& rules = *info_->effective;
  if (needs_inspection() || rules.overflow == Overflow::drop_head) return false;
  catch_up();
  for (const Consumer* consumer : consumers())
    if (consumer->linked() && consumer->has_room()) return false;
  return state_.exceeds(count, bytes);
}

/// It is refused, and goes where dead letters go.
void Queue::dead_letter_rejected(const Message& message) {
  if (info_->effective->dead_letter_exchange)
    host_.publish_later(host_.make_forward(*info_, message, DeathReason::maxlen));
}

void Queue::drop_excess() {
  if (pump()) host_.schedule(*this);
  for (std::size_t i = 0; i < limits::drop_max; ++i) {
    const auto excess = state_.next_excess();
    if (!excess) return;
    discard(excess->sequence, excess->reason);
  }
  // A policy may have made a long queue a short one. The rest is for the next turn.
  host_.add_deadline(host_.now(), info_->id);
}

/// A full queue that drops its head has a message more that is ready again.
void Queue::drop_excess_head() {
  if (info_->effective->overflow == Overflow::drop_head && state_.is_over_limit()) drop_excess();
}

void Queue::note_used() {
  idle_since_ = host_.now();
  if (info_->effective->expires_ms) register_deadline();
}

Nanos Queue::next_due() const {
  Nanos next = state_.next_deadline();
  if (dead_letters_) next = std::min(next, dead_letters_->next_deadline(host_.now()));
  if (info_->effective->expires_ms && consumers().empty() && !is_deleting_) {
    const auto expires = static_cast<Nanos>(*info_->effective->expires_ms) * nanos_per_ms;
    next = std::min(next, idle_since_ + expires);
  }
  return next;
}

void Queue::register_deadline() {
  const Nanos next = next_due();
  if (next >= registered_deadline_) return;
  registered_deadline_ = next;
  host_.add_deadline(next, info_->id);
}

void Queue::expire_due(Nanos now) {
  std::size_t budget = limits::expired_per_run_max;
  while (const auto expired = state_.next_expired(now, budget))
    discard(expired->sequence, expired->reason);
}

void Queue::on_deadline(Nanos now) {
  registered_deadline_ = never;
  if (run_due(now)) register_deadline();
}

bool Queue::run_due(Nanos now) {
  drop_excess_head();
  release_due(now);
  if (dead_letters_) resume_forwarding();
  expire_due(now);
  const auto& expires_ms = info_->effective->expires_ms;
  if (expires_ms && consumers().empty() && !is_deleting_ &&
      idle_since_ + static_cast<Nanos>(*expires_ms) * nanos_per_ms <= now) {
    host_.delete_expired(info_->id);
    return false;
  }
  return true;
}

}  // namespace lepus::core
