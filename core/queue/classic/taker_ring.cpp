// Places by priority. See taker_ring.h.
#include "core/queue/classic/taker_ring.h"

#include <iterator>

#include "core/base/assert.h"

namespace lepus::core {

void TakerRing::add(Consumer& consumer) {
  CHECK(!consumer.linked());
  const std::int32_t priority = consumer.spec.priority;
  const bool is_left_over = !last_of_.empty() && list_.empty();
  if (is_left_over && last_of_.begin()->first != priority) last_of_.clear();
  auto place = last_of_.lower_bound(priority);  // Of this priority, or of the next lower one.
  if (place != last_of_.end() && place->first == priority) {
    list_.insert_after(place->second, consumer);
    place->second = &consumer;
    return;
  }
  Consumer* const before = place == last_of_.begin() ? nullptr : std::prev(place)->second;
  list_.insert_after(before, consumer);
  last_of_.emplace_hint(place, priority, &consumer);
}

void TakerRing::remove(Consumer& consumer) {
  CHECK(consumer.linked());
  const auto place = last_of_.find(consumer.spec.priority);
  CHECK(place != last_of_.end());
  if (place->second == &consumer) {
    Consumer* const before = list_.previous(consumer);
    const bool has_others = before != nullptr && before->spec.priority == consumer.spec.priority;
    place->second = has_others ? before : nullptr;
    // A lone consumer comes and goes all the time: its place stays.
    if (!has_others && last_of_.size() > 1) last_of_.erase(place);
  }
  list_.remove(consumer);
}

}  // namespace lepus::core
