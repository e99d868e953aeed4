// A growing FIFO with random access: power-of-two array, no memory while it was never used. Moves
// all elements when it grows, so no references into it may be kept across push_back; what may hold
// many is core/base/block_deque.h, which is a larger object.
#pragma once

#include <cstddef>
#include <memory>
#include <utility>

#include "core/base/assert.h"

namespace lepus::core {

template <class T>
class RingBuffer {
 public:
  std::size_t size() const { return size_; }
  bool empty() const { return size_ == 0; }
  std::size_t capacity() const { return capacity_; }

  T& operator[](std::size_t index) {
    CHECK(index < size_);
    return items_[(head_ + index) & (capacity_ - 1)];
  }
  const T& operator[](std::size_t index) const {
    CHECK(index < size_);
    return items_[(head_ + index) & (capacity_ - 1)];
  }
  T& front() { return (*this)[0]; }
  const T& front() const { return (*this)[0]; }
  T& back() { return (*this)[size_ - 1]; }

  void push_back(T item) {
    if (size_ == capacity_) resize(capacity_ == 0 ? 8 : capacity_ * 2);
    items_[(head_ + size_) & (capacity_ - 1)] = std::move(item);
    ++size_;
  }
  T pop_front() {
    CHECK(size_ > 0);
    T item = std::move(items_[head_]);
    items_[head_] = T{};
    head_ = (head_ + 1) & (capacity_ - 1);
    --size_;
    return item;
  }
  /// Forgets everything and gives the memory back.
  void reset() {
    items_.reset();
    capacity_ = head_ = size_ = 0;
  }

 private:
  void resize(std::size_t capacity) {
    auto items = std::make_unique<T[]>(capacity);
    for (std::size_t i = 0; i < size_; ++i) items[i] = std::move((*this)[i]);
    items_ = std::move(items);
    capacity_ = capacity;
    head_ = 0;
  }

  std::unique_ptr<T[]> items_;
  std::size_t capacity_ = 0;  ///< 0 or a power of two.
  std::size_t head_ = 0;
  std::size_t size_ = 0;
};

}  // namespace lepus::core
