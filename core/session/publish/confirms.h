// A channel's publish numbers that wait for their confirms. A number is complete when every shard
// that got the message has said so; complete ones leave as few acks as possible: one ack(multiple)
// for everything before the oldest incomplete number, single ones beyond it.
//
//   oldest ..... | 0 0 0 2 1 0 0 | .....next      parts still awaited per number
//                  ^multiple   ^single
#pragma once

#include <cstdint>
#include <vector>

#include "core/base/block_deque.h"

namespace lepus::core {

class ConfirmWindow {
 public:
  struct Ack {
    std::uint64_t number;
    bool multiple;
    bool refused;  ///< basic.nack.
  };

  /// The number of the publish that comes next; the first is 1.
  std::uint64_t next_number() const { return oldest_ + waiting_.size(); }
  /// Takes next_number(): `parts` confirms will come; 0 is complete at once.
  void expect(std::uint32_t parts);
  /// One part of each number from `first` to `last` has come.
  void complete(std::uint64_t first, std::uint64_t last, bool refused);

  bool has_acks() const { return changed_; }
  /// All published numbers are confirmed (and their acks taken).
  bool all_done() const { return waiting_.empty(); }
  std::uint64_t outstanding_count() const { return waiting_.size() - early_count_; }
  /// What can be told to the client now, in an order that is right for it. Returns how many numbers
  /// are confirmed by it.
  std::uint64_t take_acks(std::vector<Ack>& out);

 private:
  static constexpr std::uint16_t refused_bit = 1U << 15;
  static constexpr std::uint16_t announced_bit = 1U << 14;
  static constexpr std::uint16_t parts_mask = announced_bit - 1;

  BlockDeque<std::uint16_t> waiting_;  ///< Parts awaited, and the two bits.
  std::vector<std::uint64_t> early_;   ///< Complete but behind an incomplete one, not yet told.
  std::uint64_t early_count_ = 0;      ///< Numbers in waiting_ that were told already.
  std::uint64_t oldest_ = 1;           ///< Number of waiting_[0].
  bool changed_ = false;
};

}  // namespace lepus::core
