// Pages that come, and go when they ran empty.
#include "core/queue/backlog/slot_table.h"

#include <utility>

namespace lepus::core {

SlotTable::~SlotTable() {
  for (std::size_t i = 0; i < pages_.size(); ++i) {
    if (pages_[i].is_empty() || pages_[i].is_run()) continue;
    for (std::size_t index = 0; index < SlotPage::size; ++index) {
      Slot& slot = pages_[i].at(index);
      if (slot.state() != Slot::State::gone && !slot.is_evicted())
        (void)MessageRef::adopt(slot.take_message());
    }
  }
}

/// Null: there is no such page (any more).
const SlotPage* SlotTable::find_page(Sequence sequence) const {
  if (sequence < base_) return nullptr;
  const std::size_t index = page_of(sequence);
  return index < pages_.size() && !pages_[index].is_empty() ? &pages_[index] : nullptr;
}

Slot& SlotTable::add(Sequence sequence) {
  CHECK(sequence >= base_);
  if (sequence >= end()) open_page(sequence);
  SlotPage& page = pages_[page_of(sequence)];
  ++page.live_count;
  return page.at(index_of(sequence));
}

/// The page that was being filled goes, too, if nothing of it is left.
void SlotTable::open_page(Sequence sequence) {
  if (!pages_.empty() && !pages_.back().is_empty() && pages_.back().live_count == 0) {
    spare_ = pages_.back().close();
    drop_front_pages();
  }
  const std::size_t index = page_of(sequence);
  while (pages_.size() <= index) pages_.push_back({});
  pages_.back().open(std::move(spare_));
}

/// The page that is being filled keeps its place.
bool SlotTable::remove(Sequence sequence) {
  const std::size_t index = page_of(sequence);
  SlotPage& page = pages_[index];
  CHECK(page.live_count > 0);
  if (--page.live_count > 0) return false;
  if (index + 1 == pages_.size()) return true;
  spare_ = page.close();
  drop_front_pages();
  return true;
}

void SlotTable::drop_front_pages() {
  while (!pages_.empty() && pages_.front().is_empty()) {
    (void)pages_.pop_front();
    base_ += SlotPage::size;
  }
}

void SlotTable::reset(Sequence next) {
  CHECK(next >= base_);
  pages_.reset();
  spare_.reset();
  base_ = next;
}

}  // namespace lepus::core
