// Places by priority. See taker_ring.h.
#include "core/queue/classic/taker_ring.h"

#include <iterator>

#include "core/base/assert.h"

namespace lepus::core {

void TakerRing::add(Consumer& consumer) {
  CHECK(!consumer.linked());
  if (last_of_) return add_by_priority(consumer);
  Consumer* const last = list_.last();
  if (last == nullptr || last->spec.priority == consumer.spec.priority)
    return list_.push_back(consumer);
  last_of_ = std::make_unique<Places>();
  last_of_->emplace(last->spec.priority, last);
  add_by_priority(consumer);
}

void TakerRing::add_by_priority(Consumer& consumer) {
  Places& places = *last_of_;
  const std::int32_t priority = consumer.spec.priority;
  const bool is_left_over = !places.empty() && list_.empty();
  if (is_left_over && places.begin()->first != priority) places.clear();
  auto place = places.lower_bound(priority);  // Of this priority, or of the next lower one.
  if (place != places.end() && place->first == priority) {
    list_.insert_after(place->second, consumer);
    place->second = &consumer;
    return;
  }
  Consumer* const before = place == places.begin() ? nullptr : std::prev(place)->second;
  list_.insert_after(before, consumer);
  places.emplace_hint(place, priority, &consumer);
}

void TakerRing::remove(Consumer& consumer) {
  CHECK(consumer.linked());
  if (last_of_) leave_place(consumer);
  list_.remove(consumer);
}

void TakerRing::leave_place(Consumer& consumer) {
  const auto place = last_of_->find(consumer.spec.priority);
  CHECK(place != last_of_->end());
  if (place->second != &consumer) return;
  Consumer* const before = list_.previous(consumer);
  const bool has_others = before != nullptr && before->spec.priority == consumer.spec.priority;
  place->second = has_others ? before : nullptr;
  // A lone consumer comes and goes all the time: its place stays.
  if (!has_others && last_of_->size() > 1) last_of_->erase(place);
}

}  // namespace lepus::core
