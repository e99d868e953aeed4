// A channel's window of deliveries that wait for an acknowledgement, in order of their delivery
// tags. Tags grow by one per delivery of the channel; deliveries without acknowledgement have a tag
// but no entry.
//
// Settled entries in the middle stay as holes until everything before them is settled, or until the
// holes are the most: then they are closed up, a few with each that is settled. So finding a tag is
// a guess by distance that is nearly always right, else a binary search, and one delivery that is
// held for long does not keep the memory of those behind it.
//
//   entries_  1 . 3 . . 6 | 7 9 12 13  merged      while holes are closed, or others put back
//                      --->                        the newest of entries_ go over, without holes
//
// No call takes longer because many are here, but for those that say so.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include "core/base/block_deque.h"
#include "core/broker/command.h"
#include "core/limits.h"

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

  using Entries = BlockDeque<Entry, limits::unacked_block_entries>;

  /// `account` counts the bytes of the entries, and outlives it. Null: they are not counted.
  explicit UnackedWindow(std::uint64_t* account = nullptr) : account_(account), entries_(account) {}

  void add(const Entry& entry);
  std::size_t size() const { return live_count_; }
  /// Entries there is memory for.
  std::size_t capacity() const {
    return entries_.capacity() + (merge_ ? merge_->merged.capacity() : 0);
  }
  const Load& limited() const { return limited_; }
  /// A shared limit is set: all that is here counts from now on. Looks at each.
  void limit_all();
  bool contains(std::uint64_t tag) const { return count_up_to(tag).has_value(); }
  /// Returns true if something is here, or its tag is still known.
  bool has_entries() const { return count_all() > 0 || is_putting_back(); }

  /// Takes the entry of this tag out; nullopt when there is none.
  std::optional<Entry> take(std::uint64_t tag);
  /// How much there is up to this tag, holes among it, which is what take_up_to() counts; nullopt
  /// when there is no entry of this tag.
  std::optional<std::size_t> count_up_to(std::uint64_t tag) const;
  std::size_t count_all() const { return entries_.size() + (merge_ ? merge_->merged.size() : 0); }
  /// Takes out what has this tag or a lower one, oldest first, behind what is in `out`, as long as
  /// the budget lasts; each that is or was here takes one. Returns true if there is more.
  bool take_up_to(std::uint64_t tag, std::size_t& budget, std::vector<Entry>& out);
  /// What has this tag or a lower one is about to be taken: it is not found of a consumer.
  void claim_up_to(std::uint64_t tag) { claimed_tag_ = tag; }

  /// Whether something of this consumer with a tag below waits. Looks at each.
  bool has_below(std::uint64_t tag, const ConsumerKey& taker) const;
  /// Appends what waits of this consumer to `out`, oldest first. Their tags stay known. Looks at
  /// each.
  void give_back(const ConsumerKey& taker, std::vector<Entry>& out);

  /// Puts entries back that were taken and not settled (tx.rollback): put_back_piece() is due until
  /// it returns false; until then only add() and take_up_to() may be called, and nothing is found
  /// of a consumer. They need not be newer than what is here. They count from now on. Looks at each
  /// of them.
  using Lists = std::array<Entries, 3>;
  void begin_put_back(Lists entries);
  /// Goes on as long as the budget lasts; each entry takes one. Returns true if there is more.
  [[nodiscard]] bool put_back_piece(std::size_t& budget);

 private:
  /// What is put back and what is here become one, from the newest on, without holes.
  struct Merge {
    /// Each in order of the tags; the last one is what was merged before. Empty: only holes are
    /// closed.
    std::array<Entries, 4> lists;
    Entries merged;
  };

  static std::optional<std::size_t> find(const Entries& entries, std::uint64_t tag);
  /// Where the tag is if it is here.
  bool is_merged(std::uint64_t tag) const {
    return merge_ && !merge_->merged.empty() && merge_->merged.front().tag <= tag;
  }
  /// Where the oldest is, if anything is.
  Entries& oldest() { return merge_ && entries_.empty() ? merge_->merged : entries_; }
  bool is_putting_back() const;
  void begin_merge(Lists lists);
  bool merge_newest();
  void note_taken(const Entry& entry);
  void tidy();

  std::uint64_t* account_;
  Entries entries_;
  std::unique_ptr<Merge> merge_;  ///< While entries are put back, or holes closed.
  std::size_t live_count_ = 0;
  std::size_t hole_count_ = 0;     ///< Settled entries here.
  std::uint64_t claimed_tag_ = 0;  ///< See claim_up_to(); 0: none.
  Load limited_;
};

}  // namespace lepus::core
