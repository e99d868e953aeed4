// The messages of one queue (and priority level) while its journal is replayed: 32 bytes each, in
// chunks sorted by position. Messages come nearly in order of their positions and leave nearly
// oldest first, so adding is a push at the end and settling empties chunks from the front; both
// work anywhere.
//
//   chunks_  | gone ... first_ | base, entries | base, entries | ...
//                                 position of an entry = base + delta
//
// A settled entry stays as a tombstone (size 0) until its chunk is empty.
#pragma once

#include <cstdint>
#include <vector>

#include "core/base/assert.h"
#include "persist/record.h"

namespace lepus::persist {

/// What is known of a message without reading its record again.
struct LiveMessage {
  Place place;
  std::uint64_t enqueued_ms = 0;
  std::uint64_t ttl_ms = 0;  ///< core::Message::no_ttl: none.
  std::uint64_t body_size = 0;
  std::uint8_t priority = 0;
};

class LiveList {
 public:
  /// A message that is known already has a new place from now on.
  void add(std::uint64_t position, const LiveMessage& message);
  /// Both inclusive. Positions that are not here are none of its business.
  void settle(std::uint64_t first, std::uint64_t last);
  /// Everything that lies in an older segment is dead.
  void drop_before(std::uint32_t segment);

  std::uint64_t count() const { return count_; }
  std::uint64_t memory_bytes() const;
  /// visit(position, LiveMessage) in order of the positions.
  template <class F>
  void for_each(F&& visit) const;

 private:
  struct Entry {
    std::uint32_t delta;
    std::uint32_t segment;
    std::uint32_t offset;
    std::uint32_t size;  ///< Of the record; 0: settled.
    std::uint32_t body_size;
    std::uint32_t ttl_ms;
    std::uint64_t packed;  ///< enqueued_ms << 16 | priority << 8 | whether it has a TTL.
  };
  static_assert(sizeof(Entry) == 32);
  struct Chunk {
    std::uint64_t base = 0;
    std::uint32_t live = 0;
    std::vector<Entry> entries;
  };
  static constexpr std::size_t chunk_entries_max = 512;

  static Entry pack(std::uint32_t delta, const LiveMessage& message);
  static LiveMessage unpack(const Entry& entry);
  std::size_t find_chunk(std::uint64_t position) const;
  void append(std::uint64_t position, const LiveMessage& message);
  void insert(std::uint64_t position, const LiveMessage& message);
  void split(std::size_t index);
  void settle_in(Chunk& chunk, std::uint64_t first, std::uint64_t last);
  void bury(Chunk& chunk, Entry& entry);
  void drop_front();

  std::vector<Chunk> chunks_;  ///< Ascending by base; those before first_ are empty and unused.
  std::size_t first_ = 0;
  std::uint64_t position_end_ = 0;  ///< Above every position added.
  std::uint64_t count_ = 0;         ///< Live ones.
};

template <class F>
void LiveList::for_each(F&& visit) const {
  for (std::size_t i = first_; i < chunks_.size(); ++i)
    for (const Entry& entry : chunks_[i].entries)
      if (entry.size != 0) visit(chunks_[i].base + entry.delta, unpack(entry));
}

}  // namespace lepus::persist
