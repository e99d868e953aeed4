// One direction between two threads: a bounded ring with one producer thread and one consumer
// thread, no locks.
//
//   producer writes tail_ ─┐ own cache line, with its last look at head_
//   consumer writes head_ ─┘ own cache line, with its last look at tail_
//
// Each side looks at the other's index only when its remembered copy says full (or empty), so while
// both are busy an item costs no cache miss for the indices. head_ and tail_ only grow; their
// difference is the number of items. Items are made in the ring and destroyed there once they were
// visited; what is still inside when the ring goes is destroyed with it. The memory of the ring is
// allocated by the producer, with its first item: most pairs of many threads never talk. The
// consumer learns where it is as it learns of the item: behind tail_. Waking a consumer that sleeps
// is not done here: see io/wakeup.h.
#pragma once

#include <atomic>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <new>
#include <type_traits>
#include <utility>

#include "core/base/assert.h"

namespace lepus::io {

constexpr std::size_t cache_line = 64;

template <class T>
class SpscRing {
  static_assert(std::is_nothrow_move_constructible_v<T>, "an item is there or it is not");

 public:
  /// `capacity`: a power of two.
  explicit SpscRing(std::size_t capacity) : mask_(capacity - 1) {
    CHECK(std::has_single_bit(capacity));
  }
  ~SpscRing() {
    (void)consume(capacity(), [](T&) {});
  }
  SpscRing(const SpscRing&) = delete;
  SpscRing& operator=(const SpscRing&) = delete;

  std::size_t capacity() const { return mask_ + 1; }
  /// Producer. Returns true once an item was pushed: the ring has its memory.
  bool is_allocated() const { return slots_ != nullptr; }

  /// Producer. Returns false if the ring is full: `item` is as before.
  template <class Item = T>
  bool try_push(Item&& item) {
    const std::size_t tail = tail_.load(std::memory_order_relaxed);
    if (tail - head_seen_ > mask_) {
      head_seen_ = head_.load(std::memory_order_acquire);
      if (tail - head_seen_ > mask_) return false;
    }
    if (slots_ == nullptr) slots_ = std::make_unique_for_overwrite<Slot[]>(capacity());
    ::new (slots_[tail & mask_].bytes) T(std::forward<Item>(item));
    tail_.store(tail + 1, std::memory_order_release);
    return true;
  }

  /// Producer: room for at least this many items (a lower bound, it may grow meanwhile).
  std::size_t free_count() {
    head_seen_ = head_.load(std::memory_order_acquire);
    return capacity() - (tail_.load(std::memory_order_relaxed) - head_seen_);
  }

  /// Consumer. Calls visit(T&) for up to `max` items in order, which may move from it; then gives
  /// their room back. A visit that returns a bool ends it with false, behind this item. Returns how
  /// many.
  template <class Visit>
  std::size_t consume(std::size_t max, Visit&& visit) {
    const std::size_t head = head_.load(std::memory_order_relaxed);
    if (tail_seen_ == head) tail_seen_ = tail_.load(std::memory_order_acquire);
    std::size_t count = tail_seen_ - head;
    if (count > max) count = max;
    for (std::size_t i = 0; i < count; ++i) {
      T& item = *std::launder(reinterpret_cast<T*>(slots_[(head + i) & mask_].bytes));
      if constexpr (std::is_same_v<std::invoke_result_t<Visit&, T&>, bool>) {
        if (!visit(item)) count = i + 1;
      } else {
        visit(item);
      }
      item.~T();
    }
    if (count > 0) head_.store(head + count, std::memory_order_release);
    return count;
  }

  /// Consumer.
  bool empty() const {
    return head_.load(std::memory_order_relaxed) == tail_.load(std::memory_order_acquire);
  }

 private:
  struct Slot {
    alignas(T) std::byte bytes[sizeof(T)];
  };

  const std::size_t mask_;
  /// Written once, by the producer, before the first store to tail_.
  std::unique_ptr<Slot[]> slots_;
  // Written by the producer.
  alignas(cache_line) std::atomic<std::size_t> tail_{0};
  std::size_t head_seen_ = 0;
  // Written by the consumer.
  alignas(cache_line) std::atomic<std::size_t> head_{0};
  std::size_t tail_seen_ = 0;
};

}  // namespace lepus::io
