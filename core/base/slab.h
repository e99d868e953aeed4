// Objects with stable addresses, found by slot number; a generation per slot tells a stale
// reference from a live one. Chunks of 64 slots, never moved. Slots are given out lowest-freed-last
// (LIFO), so hot ones stay in the cache.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <new>
#include <utility>
#include <vector>

#include "core/base/assert.h"

namespace lepus::core {

template <class T>
class Slab {
 public:
  struct Handle {
    std::uint32_t slot;
    std::uint32_t generation;  ///< Never 0.
  };

  Slab() = default;
  Slab(const Slab&) = delete;
  Slab& operator=(const Slab&) = delete;
  ~Slab() {
    for_each([this](Handle handle, T&) { destroy(handle.slot); });
  }

  template <class... Args>
  std::pair<Handle, T*> create(Args&&... args) {
    if (free_.empty()) grow();
    const std::uint32_t slot = free_.back();
    free_.pop_back();
    Cell& cell = at(slot);
    CHECK(!cell.live);
    T* object = std::construct_at(cell.object(), std::forward<Args>(args)...);
    cell.live = true;
    ++live_count_;
    return {Handle{slot, cell.generation}, object};
  }

  void destroy(std::uint32_t slot) {
    Cell& cell = at(slot);
    CHECK(cell.live);
    std::destroy_at(cell.object());
    cell.live = false;
    if (++cell.generation == 0) cell.generation = 1;
    --live_count_;
    free_.push_back(slot);
  }

  /// nullptr when the slot was freed since the handle was made.
  T* find(std::uint32_t slot, std::uint32_t generation) {
    if (slot >= chunks_.size() * chunk_size) return nullptr;
    Cell& cell = at(slot);
    return cell.live && cell.generation == generation ? cell.object() : nullptr;
  }

  /// What lives in this slot, nullptr when nothing does: for walks that go on later.
  T* at_slot(std::uint32_t slot) {
    Cell& cell = at(slot);
    return cell.live ? cell.object() : nullptr;
  }
  std::uint32_t slot_count() const {
    return static_cast<std::uint32_t>(chunks_.size() * chunk_size);
  }
  std::size_t live_count() const { return live_count_; }

  template <class F>
  void for_each(F&& visit) {
    for (std::uint32_t slot = 0; slot < chunks_.size() * chunk_size; ++slot) {
      Cell& cell = at(slot);
      if (cell.live) visit(Handle{slot, cell.generation}, *cell.object());
    }
  }

 private:
  static constexpr std::size_t chunk_size = 64;
  struct Cell {
    alignas(T) std::array<std::byte, sizeof(T)> storage;
    std::uint32_t generation = 1;
    bool live = false;
    T* object() { return std::launder(reinterpret_cast<T*>(storage.data())); }
  };

  Cell& at(std::uint32_t slot) {
    CHECK(slot < chunks_.size() * chunk_size);
    return (*chunks_[slot / chunk_size])[slot % chunk_size];
  }
  void grow() {
    const auto first = static_cast<std::uint32_t>(chunks_.size() * chunk_size);
    chunks_.push_back(std::make_unique<std::array<Cell, chunk_size>>());
    for (std::uint32_t i = chunk_size; i > 0; --i) free_.push_back(first + i - 1);
  }

  std::vector<std::unique_ptr<std::array<Cell, chunk_size>>> chunks_;
  std::vector<std::uint32_t> free_;
  std::size_t live_count_ = 0;
};

}  // namespace lepus::core
