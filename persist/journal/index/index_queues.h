// The queues that an index knows by numbers of its own, and what it expects of each next. Whoever
// writes an index and whoever reads it keep the same table, so an entry says only what differs from
// what is expected: most positions cost nothing.
//
//   (queue, priority level) -> slot: position of the next message, of the next settle, last mark
#pragma once

#include <boost/unordered/unordered_flat_map.hpp>
#include <cstdint>
#include <utility>
#include <vector>

#include "core/base/assert.h"
#include "core/limits/segment_index.h"

namespace lepus::persist {

struct IndexQueue {
  std::uint64_t queue = 0;
  std::uint64_t next = 0;     ///< Position that the next message is expected at, level included.
  std::uint64_t settled = 0;  ///< Where the next range of settled positions is expected to begin.
  std::uint64_t mark = 0;     ///< The last delivery watermark.

  static constexpr unsigned level_shift = 56;
  static constexpr std::uint64_t level_of(std::uint64_t position) {
    return position >> level_shift;
  }
  static IndexQueue first_of(std::uint64_t queue, std::uint64_t level) {
    const std::uint64_t begin = level << level_shift;
    return {queue, begin, begin, begin};
  }
};

class IndexQueues {
 public:
  static constexpr std::uint32_t no_slot = UINT32_MAX;

  void clear() {
    slots_.clear();
    numbers_.clear();
  }
  std::size_t size() const { return slots_.size(); }
  IndexQueue& at(std::uint32_t slot) {
    CHECK(slot < slots_.size());
    return slots_[slot];
  }
  const IndexQueue& at(std::uint32_t slot) const {
    CHECK(slot < slots_.size());
    return slots_[slot];
  }

  /// For whoever writes. no_slot: it is not known.
  std::uint32_t find(std::uint64_t queue, std::uint64_t position) const {
    const auto found = numbers_.find({queue, IndexQueue::level_of(position)});
    return found == numbers_.end() ? no_slot : found->second;
  }
  /// Returns the new queue's slot; no_slot: there are as many as there may be.
  std::uint32_t add(const IndexQueue& queue) {
    if (slots_.size() >= core::limits::segment_index_queues_max) return no_slot;
    slots_.push_back(queue);
    return static_cast<std::uint32_t>(slots_.size() - 1);
  }
  /// For whoever writes: find() knows it from now on.
  std::uint32_t add_known(const IndexQueue& queue) {
    const std::uint32_t slot = add(queue);
    if (slot != no_slot) numbers_[{queue.queue, IndexQueue::level_of(queue.next)}] = slot;
    return slot;
  }
  std::uint64_t memory_bytes() const {
    constexpr std::uint64_t entry_size = sizeof(std::pair<Key, std::uint32_t>) + 1;
    return slots_.capacity() * sizeof(IndexQueue) + numbers_.bucket_count() * entry_size;
  }

 private:
  using Key = std::pair<std::uint64_t, std::uint64_t>;  ///< Queue and level.
  struct Hash {
    using is_avalanching = void;
    std::size_t operator()(const Key& key) const {
      const std::uint64_t mixed = (key.first ^ key.second << 56) * 0x9e37'79b9'7f4a'7c15ULL;
      return mixed ^ mixed >> 32;
    }
  };

  std::vector<IndexQueue> slots_;
  boost::unordered_flat_map<Key, std::uint32_t, Hash> numbers_;
};

}  // namespace lepus::persist
