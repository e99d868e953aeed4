// A list of pointers in order of insertion from which an entry leaves without a search: the object
// remembers its place in a field of its own. A removed entry leaves a hole; holes are squeezed out
// when they are more than half, so removal costs O(1) on average and iterating visits at most twice
// the entries.
//
//   add a b c d    [a b c d]         remove b    [a . c d]      remove a, d    [c]
//
// `slot` names the field; it must be the same in every call on one list.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "core/base/assert.h"

namespace lepus::core {

template <class T>
class SlotList {
 public:
  void add(T& object, std::uint32_t T::*slot) {
    CHECK(entries_.size() < UINT32_MAX);
    object.*slot = static_cast<std::uint32_t>(entries_.size());
    entries_.push_back(&object);
  }

  void remove(T& object, std::uint32_t T::*slot) {
    const std::uint32_t place = object.*slot;
    CHECK(place < entries_.size());
    CHECK(entries_[place] == &object);
    entries_[place] = nullptr;
    ++hole_count_;
    while (!entries_.empty() && entries_.back() == nullptr) {
      entries_.pop_back();
      --hole_count_;
    }
    if (hole_count_ > entries_.size() / 2) squeeze(slot);
  }

  std::size_t size() const { return entries_.size() - hole_count_; }
  bool empty() const { return size() == 0; }

  template <class Visit>
  void for_each(Visit&& visit) const {
    for (T* object : entries_)
      if (object != nullptr) visit(*object);
  }

  /// The list must not be empty.
  T& newest() const {
    CHECK(!entries_.empty());
    return *entries_.back();  // Never a hole: remove() takes those at the end away.
  }

 private:
  void squeeze(std::uint32_t T::*slot) {
    std::uint32_t kept = 0;
    for (T* object : entries_) {
      if (object == nullptr) continue;
      object->*slot = kept;
      entries_[kept++] = object;
    }
    entries_.resize(kept);
    if (entries_.capacity() > 16 && entries_.capacity() / 4 > kept) entries_.shrink_to_fit();
    hole_count_ = 0;
  }

  std::vector<T*> entries_;
  std::uint32_t hole_count_ = 0;
};

}  // namespace lepus::core
