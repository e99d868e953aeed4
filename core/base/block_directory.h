// Memory in blocks of a fixed number of items, by position: what core/base/block_deque.h stands on.
// There is one block, which may be smaller, or a ring of pointers to blocks. It makes and destroys
// no items.
//
//   position & mask -> block, item of the block
#pragma once

#include <algorithm>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <new>
#include <utility>
#include <vector>

#include "core/base/assert.h"

namespace lepus::core {

template <class T, std::size_t block_items>
class BlockDirectory {
 public:
  static_assert(std::has_single_bit(block_items));
  static_assert(alignof(T) <= __STDCPP_DEFAULT_NEW_ALIGNMENT__);
  using Block = std::unique_ptr<std::byte[]>;

  /// `account` counts the bytes of the blocks, and outlives it. Null: they are not counted.
  explicit BlockDirectory(std::uint64_t* account) : account_(account) {}
  BlockDirectory(const BlockDirectory&) = delete;
  ~BlockDirectory() { clear(); }

  /// There is one block at most.
  bool is_single() const { return blocks_.size() <= 1; }
  /// Positions that can be told apart.
  std::size_t slots() const { return blocks_.empty() ? 0 : mask_ + 1; }
  /// Items there is memory for.
  std::size_t capacity() const {
    if (is_single()) return slots();
    const auto used = std::count_if(blocks_.begin(), blocks_.end(),
                                    [](const Block& one) { return one != nullptr; });
    return (static_cast<std::size_t>(used) + (spare_ ? 1 : 0)) * block_items;
  }
  /// A block is at this position.
  T* slot(std::size_t position) const {
    const std::size_t at = position & mask_;
    return std::launder(reinterpret_cast<T*>(blocks_[at / block_items].get())) + at % block_items;
  }

  // --- One block

  /// Makes a block of another size. The caller moves items into it and then calls set_single().
  Block allocate(std::size_t items) {
    if (account_ != nullptr) *account_ += items * sizeof(T);
    return std::make_unique_for_overwrite<std::byte[]>(items * sizeof(T));
  }
  /// The block, of so many items, is the only one in place of the one there is.
  void set_single(Block block, std::size_t items) {
    CHECK(is_single());
    CHECK(std::has_single_bit(items));
    discount(slots());
    blocks_ = std::vector<Block>(1);
    blocks_.front() = std::move(block);
    mask_ = items - 1;
  }
  /// There is room for two blocks; the second one is spare.
  void begin_blocks(Block first) {
    CHECK(slots() == block_items);
    spare_ = std::move(blocks_.front());
    blocks_ = std::vector<Block>(2);
    blocks_.front() = std::move(first);
    mask_ = 2 * block_items - 1;
  }

  // --- Several blocks

  bool has_block(std::size_t position) const { return block_at(position) != nullptr; }
  void add_block(std::size_t position) {
    CHECK(!is_single());
    CHECK(!has_block(position));
    blocks_[(position & mask_) / block_items] = spare_ ? std::move(spare_) : allocate(block_items);
  }
  void remove_block(std::size_t position) {
    CHECK(has_block(position));
    Block left = std::move(blocks_[(position & mask_) / block_items]);
    if (spare_) {
      discount(block_items);
    } else {
      spare_ = std::move(left);
    }
  }
  /// Room for twice as many blocks. Those from `first` to `end` keep their positions.
  void widen(std::size_t first, std::size_t end) {
    std::vector<Block> wider(blocks_.size() * 2);
    const std::size_t mask = mask_ * 2 + 1;
    for (std::size_t at = first - first % block_items; at < end; at += block_items)
      wider[(at & mask) / block_items] = std::move(blocks_[(at & mask_) / block_items]);
    blocks_ = std::move(wider);
    mask_ = mask;
  }
  /// No block is used: one is left.
  void end_blocks() {
    CHECK(spare_);
    blocks_ = std::vector<Block>(1);
    blocks_.front() = std::move(spare_);
    mask_ = block_items - 1;
  }

  /// Gives all memory back.
  void clear() {
    discount(capacity());
    blocks_ = std::vector<Block>{};
    spare_.reset();
    mask_ = 0;
  }
  /// The accounts change places, too: each goes on with the blocks it counts.
  void swap(BlockDirectory& other) noexcept {
    std::swap(blocks_, other.blocks_);
    std::swap(spare_, other.spare_);
    std::swap(mask_, other.mask_);
    std::swap(account_, other.account_);
  }
  std::uint64_t* account() const { return account_; }

 private:
  const Block& block_at(std::size_t position) const {
    return blocks_[(position & mask_) / block_items];
  }
  void discount(std::size_t items) {
    if (account_ == nullptr) return;
    CHECK(*account_ >= items * sizeof(T));
    *account_ -= items * sizeof(T);
  }

  std::vector<Block> blocks_;  ///< By position; null where none is. So many: a power of two.
  Block spare_;                ///< Kept for the next one; only while there are several.
  std::size_t mask_ = 0;       ///< slots() less one.
  std::uint64_t* account_;     ///< Bytes.
};

}  // namespace lepus::core
