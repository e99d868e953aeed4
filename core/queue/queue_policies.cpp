// A queue whose rules change while it is there: what it holds follows the new ones from now on.
#include "core/queue/queue.h"

namespace lepus::core {

void Queue::on_policy_changed() {
  load_limits();
  apply_policy();
  register_deadline();
}

void Queue::apply_policy() {
  residency_.on_policy_changed();
  idle_since_ = host_.now();
  drop_excess_head();
}

void Queue::load_limits() {
  state_.load_limits(host_.now());
  const Deduplication& deduplication = info_->effective->deduplication;
  if (!deduplication.is_on) {
    deduplicator_.reset();
  } else if (!deduplicator_ || deduplicator_->rules() != deduplication) {
    deduplicator_ = std::make_unique<Deduplicator>(deduplication, host_.memory());
  }
}

}  // namespace lepus::core
