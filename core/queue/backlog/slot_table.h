// The slots of a backlog by position, in pages (core/queue/backlog/slot_page.h). A page whose slots
// are all gone is given back, so one old message pins one page and a few words per later page, not
// the messages after it. An empty table owns no memory.
//
//   begin() | page | (given back) | page | page being filled | end()
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <type_traits>

#include "core/base/ids.h"
#include "core/base/ring_buffer.h"
#include "core/queue/backlog/slot_page.h"

namespace lepus::core {

class SlotTable {
 public:
  SlotTable() = default;
  SlotTable(const SlotTable&) = delete;
  SlotTable& operator=(const SlotTable&) = delete;
  ~SlotTable();

  /// Of the first page.
  Sequence begin() const { return base_; }
  /// Above every slot there is.
  Sequence end() const { return base_ + pages_.size() * SlotPage::size; }

  /// What is at this position; a slot that is gone: nothing.
  Slot get(Sequence sequence) const {
    const SlotPage* page = find_page(sequence);
    return page == nullptr ? Slot{} : page->get(index_of(sequence));
  }
  Slot::State state(Sequence sequence) const {
    const SlotPage* page = find_page(sequence);
    return page == nullptr ? Slot::State::gone : page->state(index_of(sequence));
  }
  /// To be changed; the position is between begin() and end().
  Slot& at(Sequence sequence) { return page(sequence).at(index_of(sequence)); }
  /// The page of a position between begin() and end(), and which of its slots it is.
  SlotPage& page(Sequence sequence) {
    CHECK(sequence >= base_);
    return pages_[page_of(sequence)];
  }
  std::size_t index_of(Sequence sequence) const {
    return static_cast<std::size_t>(sequence - base_) % SlotPage::size;
  }
  /// Everything that is not gone: visit(sequence, Slot). If that returns a bool, it ends where it
  /// is false.
  template <class F>
  void for_each(F&& visit) const;

  /// A new slot, above every one there was. There may be a gap before it, whose pages are never
  /// made. begin() may be another afterwards.
  Slot& add(Sequence sequence);
  /// A slot is gone by now. Returns true if it was the last one of its page; begin() may be another
  /// then.
  [[nodiscard]] bool remove(Sequence sequence);
  /// Nothing is left, or nothing was there yet: the next slot is at `next`. Gives all memory back.
  void reset(Sequence next);
  /// The last slot of a page was changed: the page becomes a run if it can.
  void compress_behind(Sequence sequence) {
    if (index_of(sequence) + 1 == SlotPage::size) page(sequence).compress();
  }

 private:
  static_assert((SlotPage::size & (SlotPage::size - 1)) == 0);

  std::size_t page_of(Sequence sequence) const {
    return static_cast<std::size_t>(sequence - base_) / SlotPage::size;
  }
  const SlotPage* find_page(Sequence sequence) const;
  void open_page(Sequence sequence);
  void drop_front_pages();

  RingBuffer<SlotPage> pages_;
  /// Kept while the table is not empty: pages come and go all the time.
  std::unique_ptr<SlotPage::Slots> spare_;
  Sequence base_ = 0;  ///< Of the first slot of pages_[0].
};

template <class F>
void SlotTable::for_each(F&& visit) const {
  for (std::size_t i = 0; i < pages_.size(); ++i) {
    if (pages_[i].is_empty()) continue;
    for (std::size_t index = 0; index < SlotPage::size; ++index) {
      const Slot found = pages_[i].get(index);
      if (found.state() == Slot::State::gone) continue;
      const Sequence sequence = base_ + i * SlotPage::size + index;
      if constexpr (std::is_same_v<decltype(visit(sequence, found)), bool>) {
        if (!visit(sequence, found)) return;
      } else {
        visit(sequence, found);
      }
    }
  }
}

}  // namespace lepus::core
