// Coming, changing, leaving.
#include "core/queue/consumer_set.h"

namespace lepus::core {

/// Whoever has exclusive use is alone but for looks.
bool ConsumerSet::is_refused(const ConsumerSpec& spec) const {
  for (const Consumer* other : all_)
    if (!other->is_look) return spec.exclusive || other->spec.exclusive;
  return false;
}

Consumer& ConsumerSet::add_look(const ConsumerSpec& spec, DeliveryPort* local) {
  CHECK(!spec.exclusive);
  Consumer& consumer = host().create_consumer(spec, local);
  consumer.paused = spec.paused;
  consumer.is_look = true;
  all_.push_back(consumer);
  return consumer;
}

Consumer* ConsumerSet::add(const ConsumerSpec& spec, DeliveryPort* local) {
  if (is_refused(spec)) return nullptr;
  Consumer& consumer = host().create_consumer(spec, local);
  consumer.paused = spec.paused;
  all_.push_back(consumer);
  return &consumer;
}

void ConsumerSet::remove(Consumer& consumer) {
  CHECK(!consumer.linked());
  credit_.give_up(consumer);
  all_.remove(consumer);
  host().destroy_consumer(consumer);
}

void ConsumerSet::set_flow(Consumer& consumer, const ConsumerFlow& flow) {
  CHECK(consumer.handle == flow.consumer);
  consumer.paused = flow.paused;
  consumer.spec.limited = flow.limited;
  if (!flow.limited) credit_.give_up(consumer);
}

bool ConsumerSet::is_able(Consumer& consumer, std::uint64_t size, bool hopes) {
  if (!consumer.has_room() || !consumer.has_room_for(size)) return false;
  if (is_congested(consumer)) return false;
  if (!consumer.spec.limited) return true;
  const bool is_remote = consumer.local == nullptr;
  return (hopes && is_remote) || credit_.obtain(consumer, {size, 0});
}

void ConsumerSet::give_up_credit() {
  if (!credit_.has_unused()) return;
  for (Consumer* consumer : all_) credit_.give_up(*consumer);
}

}  // namespace lepus::core
