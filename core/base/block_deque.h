// A queue with random access whose growth costs the same however much it holds: items are in blocks
// of a fixed number, and only pointers to blocks move when their directory grows
// (core/base/block_directory.h).
//
//   one block, a ring that doubles:  | . 3 4 5 1 2 . . |      up to block_items
//   more:                            | . 1 2 3 | 4 5 6 7 | 8 . . . |
//
// A block that ran empty is kept for the next one that is needed, so in the steady state nothing is
// allocated; a second one is freed. When all is gone, one block is left. Items may move with each
// push, so no references are kept across it.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <type_traits>
#include <utility>

#include "core/base/assert.h"
#include "core/base/block_directory.h"

namespace lepus::core {

/// As many as surely fit into 16 KiB, a power of two.
template <class T>
constexpr std::size_t block_items_of = (std::size_t{16} << 10) / std::bit_ceil(sizeof(T));

template <class T, std::size_t block_items = block_items_of<T>>
class BlockDeque {
 public:
  static_assert(std::is_nothrow_move_constructible_v<T>);

  /// `account` counts the bytes of its blocks, and outlives it. Null: they are not counted.
  explicit BlockDeque(std::uint64_t* account = nullptr) : blocks_(account) {}
  /// What was moved from is empty, and goes on with its account.
  BlockDeque(BlockDeque&& other) noexcept : blocks_(other.blocks_.account()) { swap(other); }
  BlockDeque& operator=(BlockDeque&& other) noexcept {
    swap(other);
    return *this;
  }
  ~BlockDeque() { reset(); }

  std::size_t size() const { return tail_ - head_; }
  bool empty() const { return tail_ == head_; }
  /// Items there is memory for.
  std::size_t capacity() const { return blocks_.capacity(); }

  T& operator[](std::size_t index) {
    CHECK(index < size());
    return *blocks_.slot(head_ + index);
  }
  const T& operator[](std::size_t index) const {
    CHECK(index < size());
    return *blocks_.slot(head_ + index);
  }
  T& front() { return (*this)[0]; }
  const T& front() const { return (*this)[0]; }
  T& back() { return (*this)[size() - 1]; }
  const T& back() const { return (*this)[size() - 1]; }

  void push_back(T item) {
    if (tail_ == room_end_) [[unlikely]]
      make_room_behind();
    std::construct_at(blocks_.slot(tail_), std::move(item));
    ++tail_;
  }
  void push_front(T item) {
    make_room_in_front();
    --head_;
    std::construct_at(blocks_.slot(head_), std::move(item));
    if (blocks_.is_single()) room_end_ = head_ + blocks_.slots();
  }
  T pop_front() {
    T item = std::move(front());
    drop_front();
    return item;
  }
  void drop_front() {
    CHECK(head_ != tail_);
    std::destroy_at(blocks_.slot(head_));
    ++head_;
    if (head_ % block_items == 0 || head_ == tail_) leave_block(head_ - 1);
  }
  void pop_back() {
    CHECK(head_ != tail_);
    --tail_;
    std::destroy_at(blocks_.slot(tail_));
    if (tail_ % block_items == 0 || head_ == tail_) leave_block(tail_);
  }
  /// Forgets everything and gives the memory back.
  void reset() {
    if constexpr (!std::is_trivially_destructible_v<T>)
      for (; head_ != tail_; ++head_) std::destroy_at(blocks_.slot(head_));
    blocks_.clear();
    head_ = tail_ = room_end_ = origin;
  }

 private:
  /// Positions begin here, so that they do not pass 0 when they fall.
  static constexpr std::size_t origin = std::size_t{1} << 62;
  static constexpr std::size_t slots_min = std::min<std::size_t>(block_items, 8);

  void swap(BlockDeque& other) noexcept {
    blocks_.swap(other.blocks_);
    std::swap(head_, other.head_);
    std::swap(tail_, other.tail_);
    std::swap(room_end_, other.room_end_);
  }

  [[gnu::noinline]] void make_room_behind() {
    if (blocks_.is_single() && size() == blocks_.slots()) grow_single();
    if (blocks_.is_single()) {
      room_end_ = head_ + blocks_.slots();  // Items at the front may have gone since.
      return;
    }
    if (blocks_.has_block(tail_)) blocks_.widen(head_, tail_);
    blocks_.add_block(tail_);
    room_end_ = tail_ + block_items;
  }
  void make_room_in_front() {
    if (blocks_.is_single() && size() == blocks_.slots()) grow_single();
    if (blocks_.is_single() || head_ % block_items != 0) return;
    if (blocks_.has_block(head_ - 1)) blocks_.widen(head_, tail_);
    blocks_.add_block(head_ - 1);
  }
  /// A full block becomes one of twice the size, in order; the largest becomes the first of two.
  [[gnu::noinline]] void grow_single() {
    const std::size_t count = size();
    const std::size_t items = std::clamp(count * 2, slots_min, block_items);
    auto grown = blocks_.allocate(items);
    for (std::size_t i = 0; i < count; ++i) {
      T* const from = blocks_.slot(head_ + i);
      std::construct_at(reinterpret_cast<T*>(grown.get()) + i, std::move(*from));
      std::destroy_at(from);
    }
    if (count == block_items) {
      blocks_.begin_blocks(std::move(grown));
    } else {
      blocks_.set_single(std::move(grown), items);
    }
    head_ = origin;
    tail_ = room_end_ = origin + count;
  }
  /// The item at this position was the last of its block, or of all.
  [[gnu::noinline]] void leave_block(std::size_t position) {
    if (blocks_.is_single()) return;
    blocks_.remove_block(position);
    if (tail_ % block_items == 0) room_end_ = tail_;
    if (!empty()) return;
    blocks_.end_blocks();
    head_ = tail_ = origin;
    room_end_ = origin + block_items;
  }

  BlockDirectory<T, block_items> blocks_;
  std::size_t head_ = origin;      ///< Position of the front.
  std::size_t tail_ = origin;      ///< Position behind the back.
  std::size_t room_end_ = origin;  ///< push_back() has room at positions below.
};

}  // namespace lepus::core
