// A queue whose rules change while it is there: what it holds follows the new ones from now on.
#include "core/queue/queue.h"

namespace lepus::core {

namespace {

std::optional<Nanos> ttl_of(const QueueArguments& rules) {
  if (!rules.message_ttl_ms) return std::nullopt;
  return static_cast<Nanos>(*rules.message_ttl_ms) * nanos_per_ms;
}

}  // namespace

void Queue::on_rules_changed() {
  read_rules();
  if (stream_) {
    stream_->drop_excess();
    return register_deadline();
  }
  residency_.on_policy_changed();
  idle_since_ = host_.now();
  if (info_->effective.overflow == Overflow::drop_head && is_full_for(nullptr)) drop_excess();
  register_deadline();
}

/// When messages arrived is known since the queue has a TTL; those that were there before count
/// from now on.
void Queue::read_rules() {
  const QueueArguments& rules = info_->effective;
  has_rules_ = rules.message_ttl_ms || rules.max_length || rules.max_length_bytes || stream_;
  if (stream_) return;
  if (!rules.deduplication.is_on) {
    deduplicator_.reset();
  } else if (!deduplicator_ || deduplicator_->rules() != rules.deduplication) {
    deduplicator_ = std::make_unique<Deduplicator>(rules.deduplication);
  }
  const std::optional<Nanos> ttl = ttl_of(rules);
  const bool had_ttl = expiry_ && expiry_->has_ttl();
  if (!ttl && !had_ttl) return;
  if (!expiry_) expiry_ = std::make_unique<Expiry>();
  expiry_->set_ttl(ttl);
  if (!had_ttl)
    backlog_.for_each(
        [this](Sequence sequence, const Slot&) { expiry_->arrived(host_.now(), sequence); });
}

}  // namespace lepus::core
