// The ring of consumers with room, and the one that is elected when there is to be only one.
#include "core/queue/classic/delivery.h"

#include <algorithm>
#include <utility>

namespace lepus::core {

Delivery::Delivery(const QueueInfo& info, QueueHost& host)
    : info_(info), consumers_(info.id, host) {}

Delivery::~Delivery() {
  while (!takers_.empty()) takers_.remove(takers_.front());
}

// --- Who is there

Consumer* Delivery::add(const ConsumerSpec& spec, DeliveryPort* local) {
  const bool is_single_active = info_.effective->single_active_consumer;
  if (spec.exclusive && is_single_active) return nullptr;
  Consumer* consumer = consumers_.add(spec, local);
  if (consumer == nullptr) return nullptr;
  has_priorities_ |= spec.priority != 0;
  if (is_single_active) elect_single_active();
  return consumer;
}

void Delivery::remove(Consumer& consumer) {
  if (consumer.linked()) takers_.remove(consumer);
  const bool was_active = single_active_ == &consumer;
  consumers_.remove(consumer);
  if (was_active) single_active_ = nullptr;
  if (was_active || handover_pending_) elect_single_active();
}

void Delivery::on_changed(Consumer& consumer) {
  if (single_active_ != nullptr && (single_active_ != &consumer || handover_pending_)) {
    if (single_active_ == &consumer) elect_single_active();
    return;
  }
  if (!consumer.linked() && consumer.has_room()) takers_.add(consumer);
}

// --- The single active consumer

/// The one of highest priority, of those the active one, else the one that came first. Null: there
/// is no consumer.
Consumer* Delivery::best_candidate() const {
  Consumer* best = single_active_;
  if (best == nullptr && !consumers().empty()) best = &consumers().front();
  if (!has_priorities_) return best;
  for (Consumer* consumer : consumers())
    if (consumer->spec.priority > best->spec.priority) best = consumer;
  return best;
}

/// One of lower priority that is active stays until it has settled what it has, and gets nothing
/// more: messages are not overtaken.
void Delivery::elect_single_active() {
  Consumer* const best = best_candidate();
  const bool was_pending = std::exchange(handover_pending_, false);
  if (best == single_active_) {
    // The one it would have made room for is gone.
    if (was_pending && single_active_ != nullptr) on_changed(*single_active_);
    return;
  }
  if (single_active_ != nullptr) {
    if (single_active_->linked()) takers_.remove(*single_active_);
    credit().give_up(*single_active_);
    if (single_active_->unacked_count > 0) {
      handover_pending_ = true;
      return;
    }
    send_active(*single_active_, false);
  }
  single_active_ = best;
  send_active(*single_active_, true);
  on_changed(*single_active_);
}

void Delivery::send_active(const Consumer& consumer, bool is_active) {
  consumers_.host().send_to_session(
      consumer.spec.channel.shard,
      ConsumerActive{consumer.spec.channel, consumer.spec.number, is_active});
}

// --- Who takes

Delivery::Ability Delivery::ability_of(Consumer& consumer, const Demand& demand) {
  if (!consumer.has_room()) return Ability::not_now;
  if (consumers_.is_congested(consumer)) return Ability::retry_later;
  if (!consumer.has_room_for(demand.size)) return Ability::too_large;
  if (consumer.spec.limited && !credit().obtain(consumer, demand)) return Ability::not_now;
  return Ability::able;
}

Consumer* Delivery::Round::find_taker(const Demand& demand) {
  while (at_ != nullptr) {
    Consumer& consumer = *at_;
    Consumer* next = delivery_.takers_.next(consumer);
    switch (delivery_.ability_of(consumer, demand)) {
      case Ability::able:
        return &consumer;
      case Ability::not_now:
        delivery_.takers_.remove(consumer);
        delivery_.credit().give_up(consumer);
        break;
      case Ability::too_large:  // The next message may not be: it stays in the ring.
        break;
      case Ability::retry_later:
        must_retry_ = true;
        break;
    }
    at_ = next;
  }
  return nullptr;
}

void Delivery::deliver(Consumer& consumer, Outgoing&& out) {
  const ConsumerSpec& spec = consumer.spec;
  if (!spec.no_ack) consumer.add_unacked(out.message->body_size());
  if (spec.limited) credit().use(consumer);
  Deliver delivery{spec.channel,    spec.number, info_.id,
                   out.sequence,    {},          consumers_.host().shard(),
                   out.redelivered, spec.no_ack};
  delivery.delivery_count = out.delivery_count;
  if (out.delivery_count > 0) consumers_.host().counters.delivery_count.count(out.delivery_count);
  delivery.used_credit = spec.limited;
  send_delivery(consumers_.host(), consumer, delivery, std::move(out.message));
}

}  // namespace lepus::core
