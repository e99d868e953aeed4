// Slots to runs and back.
#include "core/queue/backlog/slot_page.h"

#include <utility>

namespace lepus::core {

Slot SlotPage::run_slot(std::size_t index) const {
  CHECK(is_run());
  RecordLocation place = first_.place();
  place.offset += static_cast<std::uint32_t>(index) * place.size;
  Slot slot = first_;
  slot.set_evicted(place, first_.evicted_body_size(), first_.is_spilled());
  return slot;
}

void SlotPage::expand() {
  CHECK(is_run());
  auto slots = std::make_unique<Slots>();
  for (std::size_t i = 0; i < size; ++i) (*slots)[i] = run_slot(i);
  slots_ = std::move(slots);
  first_ = {};
}

void SlotPage::compress() {
  if (slots_ == nullptr || live_count < size) return;
  const Slot& first = slots_->front();
  if (!first.is_evicted() || first.state() != Slot::State::ready) return;
  RecordLocation place = first.place();
  for (const Slot& slot : *slots_) {
    const bool fits =
        slot.is_evicted() && slot.state() == Slot::State::ready && !slot.is_fetch_pending() &&
        slot.place() == place && slot.evicted_body_size() == first.evicted_body_size() &&
        slot.is_spilled() == first.is_spilled() && slot.redelivered() == first.redelivered();
    if (!fits) return;
    place.offset += place.size;
  }
  first_ = first;
  slots_.reset();
  CHECK(is_run());
}

}  // namespace lepus::core
