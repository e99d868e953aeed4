// A channel's window of deliveries that wait for an acknowledgement, in order of their delivery
// tags. Tags grow by one per delivery of the channel; deliveries without acknowledgement have a tag
// but no entry.
//
// Settled entries in the middle stay as holes until everything before them is settled, or until the
// holes are the most: then they are closed up. So finding a tag is a guess by distance that is
// nearly always right, else a binary search, and one delivery that is held for long does not keep
// the memory of those behind it.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include "core/base/ring_buffer.h"
#include "core/broker/command.h"

namespace lepus::core {

class UnackedWindow {
 public:
  struct Entry {
    std::uint64_t tag = 0;
    QueueId queue;
    Sequence sequence = 0;
    ConsumerHandle consumer;
    std::uint32_t size = 0;  ///< Of the body, bytes.
    ShardId home = 0;
    bool limited : 1 = false;  ///< Counts against the channel's shared limit.
    bool settled : 1 = false;
    bool returned : 1 = false;  ///< The queue has it again; the client may still name its tag.
  };
  static_assert(sizeof(Entry) == 40);

  /// What counts against the channel's shared limit.
  struct Load {
    std::uint64_t count = 0;
    std::uint64_t bytes = 0;  ///< Of their bodies.
    void add(const Entry& entry) {
      ++count;
      bytes += entry.size;
    }
    void remove(const Entry& entry) {
      CHECK(count > 0 && bytes >= entry.size);
      --count;
      bytes -= entry.size;
    }
  };

  /// A consumer: its handle means something at its home only.
  struct ConsumerKey {
    ConsumerHandle consumer;
    ShardId home = 0;
  };

  void add(const Entry& entry);
  std::size_t size() const { return live_count_; }
  /// Entries there is memory for.
  std::size_t capacity() const { return entries_.capacity(); }
  const Load& limited() const { return limited_; }
  /// A shared limit is set: all that is here counts from now on.
  void limit_all();
  bool contains(std::uint64_t tag) const { return find(tag).has_value(); }

  /// Takes the entry of this tag out; nullopt when there is none.
  std::optional<Entry> take(std::uint64_t tag);
  /// Takes out everything up to and including `tag` (0: everything), oldest first, behind what is
  /// in `out`.
  void take_up_to(std::uint64_t tag, std::vector<Entry>& out);
  /// The same with the oldest, as long as the budget lasts; each that is or was here takes one.
  void take_oldest(std::size_t& budget, std::vector<Entry>& out);
  /// Returns true if something is here, or its tag is still known.
  bool has_entries() const { return !entries_.empty() || merge_; }
  /// Whether something of this consumer with a tag below waits.
  bool has_below(std::uint64_t tag, const ConsumerKey& taker) const;
  /// Appends what waits of this consumer to `out`, oldest first. Their tags stay known.
  void give_back(const ConsumerKey& taker, std::vector<Entry>& out);
  /// Puts entries back that were taken and not settled (tx.rollback): put_back_piece() is due until
  /// it returns false; until then only add() and what is for the end may be called, and nothing is
  /// found of a consumer. They need not be newer than what is here. They count from now on.
  using Lists = std::array<std::vector<Entry>, 3>;
  void begin_put_back(Lists entries);
  /// Goes on as long as the budget lasts; each entry takes one. Returns true if there is more.
  [[nodiscard]] bool put_back_piece(std::size_t& budget);

 private:
  /// What is put back and what is here become one, from the newest on.
  struct Merge {
    Lists lists;  ///< Each in order of the tags.
    RingBuffer<Entry> merged;
  };

  std::optional<std::size_t> find(std::uint64_t tag) const;
  bool merge_newest();
  void take_front(std::vector<Entry>& out);
  void note_taken(const Entry& entry);
  void drop_settled_front();
  void close_holes();

  RingBuffer<Entry> entries_;
  std::unique_ptr<Merge> merge_;  ///< While entries are put back.
  std::size_t live_count_ = 0;
  std::size_t hole_count_ = 0;  ///< Settled entries in entries_.
  Load limited_;
};

}  // namespace lepus::core
