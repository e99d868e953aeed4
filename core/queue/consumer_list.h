// The consumers of a queue in order of arrival. Each leaves without a search, however many there
// are.
#pragma once

#include <cstddef>
#include <cstdint>
#include <iterator>

#include "core/base/intrusive_list.h"
#include "core/queue/consumer.h"

namespace lepus::core {

class ConsumerList {
  using List = IntrusiveList<Consumer, ConsumerList>;

 public:
  /// Over pointers, as of a container of them. The one it is at must stay in the list.
  class Iterator {
   public:
    using iterator_category = std::forward_iterator_tag;
    using value_type = Consumer*;
    using difference_type = std::ptrdiff_t;
    using pointer = Consumer* const*;
    using reference = Consumer*;

    Iterator() = default;
    Iterator(const List& list, Consumer* at) : list_(&list), at_(at) {}
    Consumer* operator*() const { return at_; }
    Iterator& operator++() {
      at_ = list_->next(*at_);
      return *this;
    }
    bool operator==(const Iterator& other) const { return at_ == other.at_; }

   private:
    const List* list_ = nullptr;
    Consumer* at_ = nullptr;
  };

  bool empty() const { return list_.empty(); }
  std::size_t size() const { return count_; }
  /// The one that came first; there must be one.
  Consumer& front() const { return list_.front(); }
  /// The one that came last; there must be one.
  Consumer& back() const {
    CHECK(!empty());
    return *list_.last();
  }
  Iterator begin() const { return {list_, empty() ? nullptr : &list_.front()}; }
  Iterator end() const { return {list_, nullptr}; }

  void push_back(Consumer& consumer) {
    list_.push_back(consumer);
    ++count_;
  }
  /// It must be in this list.
  void remove(Consumer& consumer) {
    CHECK(count_ > 0);
    list_.remove(consumer);
    --count_;
  }

 private:
  List list_;
  std::uint32_t count_ = 0;
};

}  // namespace lepus::core
