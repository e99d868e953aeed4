// The messages of one queue (and priority level) while its journal is replayed. Neighbours in
// position whose records lie one behind the other in a segment and are alike share an entry, a run:
// a backlog that was published at full speed takes one for each batch of the journal. Runs lie in
// chunks sorted by position. Messages come nearly in order of their positions and leave nearly
// oldest first, so adding makes the last run longer and settling the first one shorter; both work
// anywhere.
//
//   chunks_  | gone ... first_ | base, entries | base, entries | ...
//                                 first position of an entry = base + delta
#pragma once

#include <cstdint>
#include <vector>

#include "core/base/assert.h"
#include "core/message/message.h"
#include "persist/journal/record.h"

namespace lepus::persist {

/// What is known of a message without reading its record again.
struct LiveMessage {
  Place place;
  std::uint64_t enqueued_ms = 0;  ///< 0: not kept, as nobody will ask.
  std::uint64_t ttl_ms = core::Message::no_ttl;
  std::uint64_t body_size = 0;
};

/// Neighbours in position; the record of the next lies place.size behind.
struct LiveRun {
  std::uint64_t position = 0;  ///< Of the first.
  std::uint32_t count = 1;
  LiveMessage message;  ///< The first; the others are the same but for their places.

  /// Whether `next` may become part of this.
  bool goes_on_with(const LiveRun& next) const;
};

class LiveList {
 public:
  /// Messages that are known already have a new place from now on.
  void add(const LiveRun& run);
  /// Both inclusive. Positions that are not here are none of its business.
  void settle(std::uint64_t first, std::uint64_t last);
  /// Everything that lies in an older segment is dead.
  void drop_before(std::uint32_t segment);

  std::uint64_t count() const { return count_; }  ///< Messages.
  std::uint64_t memory_bytes() const;
  /// visit(LiveRun) in order of the positions.
  template <class F>
  void for_each_run(F&& visit) const;

 private:
  struct Entry {
    std::uint32_t delta;
    std::uint32_t count;
    Place place;  ///< Of the first.
    std::uint32_t body_size;
    std::uint32_t ttl;
    std::uint32_t enqueued_low;
    std::uint16_t enqueued_high;
    std::uint16_t ttl_unit;  ///< 0: none; n: 2^(n - 1) milliseconds.

    std::uint64_t end() const { return std::uint64_t{delta} + count; }
    bool goes_on_with(const Entry& next) const;
    void drop_first(std::uint32_t dropped);
  };
  static_assert(sizeof(Entry) == 36);
  struct Chunk {
    std::uint64_t base = 0;
    std::uint32_t begin = 0;  ///< Entries before it are gone.
    std::vector<Entry> entries;

    std::size_t size() const { return entries.size() - begin; }
    std::size_t find(std::uint64_t delta) const;
    void insert(std::size_t index, const Entry& entry);
    void erase(std::size_t first, std::size_t last);
  };
  static constexpr std::size_t chunk_entries_max = 256;

  static Entry pack(std::uint32_t delta, const LiveRun& run);
  static LiveRun unpack(std::uint64_t base, const Entry& entry);
  std::size_t find_chunk(std::uint64_t position) const;
  void append(const LiveRun& run);
  void insert(const LiveRun& run);
  std::size_t chunk_for(std::uint64_t position);
  void split(std::size_t index);
  void settle_in(Chunk& chunk, std::uint64_t first, std::uint64_t last);
  void drop_front();

  std::vector<Chunk> chunks_;  ///< Ascending by base; those before first_ are empty and unused.
  std::size_t first_ = 0;
  std::uint64_t position_end_ = 0;  ///< Above every position added.
  std::uint64_t count_ = 0;
};

template <class F>
void LiveList::for_each_run(F&& visit) const {
  for (std::size_t i = first_; i < chunks_.size(); ++i)
    for (std::size_t index = chunks_[i].begin; index < chunks_[i].entries.size(); ++index)
      visit(unpack(chunks_[i].base, chunks_[i].entries[index]));
}

}  // namespace lepus::persist
