// When a shovel that ends by itself has all it came for. One that does not end always wants more.
//
//   scan_max    messages that are looked at: those that were there when it began
//   move_max    messages that are moved
#pragma once

#include <algorithm>
#include <cstdint>
#include <optional>

namespace lepus::server {

class ShovelGoal {
 public:
  void set_scan_max(std::uint64_t count) { scan_max_ = count; }
  void set_move_max(std::uint64_t count) { move_max_ = count; }
  bool ends() const { return scan_max_ || move_max_; }
  /// It ends when its queue has no more, whatever the number was.
  bool ends_when_empty() const { return scan_max_.has_value(); }

  void note_scanned() { ++scanned_; }
  void note_taken() { ++taken_; }
  /// Another one may be moved.
  bool may_take() const { return !move_max_ || taken_ < *move_max_; }
  /// Another one may come.
  bool wants_more() const { return (!scan_max_ || scanned_ < *scan_max_) && may_take(); }
  /// `settled`: moved or left alone; `moved` of them moved.
  std::optional<std::uint64_t> remaining(std::uint64_t settled, std::uint64_t moved) const {
    std::optional<std::uint64_t> left;
    if (scan_max_) left = *scan_max_ - std::min(settled, *scan_max_);
    if (move_max_)
      left = std::min(left.value_or(UINT64_MAX), *move_max_ - std::min(moved, *move_max_));
    return left;
  }

 private:
  std::optional<std::uint64_t> scan_max_;
  std::optional<std::uint64_t> move_max_;
  std::uint64_t scanned_ = 0;
  std::uint64_t taken_ = 0;
};

}  // namespace lepus::server
