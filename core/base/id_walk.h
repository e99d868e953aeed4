// Ids of objects that come and go, to be gone over a piece at a time: whoever is there from begin()
// to the last piece is met once. An id that is gone stays in the list until a walk or add() finds
// it, so nothing has to be looked for when an object goes. One walk at a time.
//
//   ids_   a b c | d e f        new ones come at the end
//                ^ next_
#pragma once

#include <algorithm>
#include <cstddef>
#include <vector>

namespace lepus::core {

template <class Id>
class IdWalk {
 public:
  /// `is_there(id)`: the object is there. It is not in the list.
  template <class IsThere>
  void add(Id id, IsThere&& is_there) {
    if (ids_.size() >= sweep_at_) sweep(is_there);
    ids_.push_back(id);
  }
  std::size_t size() const { return ids_.size(); }

  /// The next piece() begins with the first.
  void begin() { next_ = 0; }
  /// Calls visit(id) for up to `count` of them, which returns false if the object is gone. Returns
  /// true if there are more.
  template <class Visit>
  [[nodiscard]] bool piece(std::size_t count, Visit&& visit) {
    for (; count > 0 && next_ < ids_.size(); --count) {
      if (visit(ids_[next_])) {
        ++next_;
      } else {
        ids_[next_] = ids_.back();
        ids_.pop_back();
      }
    }
    return next_ < ids_.size();
  }

 private:
  static constexpr std::size_t sweep_min = 64;

  /// When it has doubled.
  template <class IsThere>
  void sweep(IsThere& is_there) {
    const auto first = ids_.begin();
    const auto is_gone = [&](Id id) { return !is_there(id); };
    const auto met = static_cast<std::size_t>(
        std::remove_if(first, first + static_cast<std::ptrdiff_t>(next_), is_gone) - first);
    const auto rest =
        std::remove_if(first + static_cast<std::ptrdiff_t>(next_), ids_.end(), is_gone);
    ids_.erase(rest, ids_.end());
    ids_.erase(first + static_cast<std::ptrdiff_t>(met),
               first + static_cast<std::ptrdiff_t>(next_));
    next_ = met;
    sweep_at_ = std::max(2 * ids_.size(), sweep_min);
  }

  std::vector<Id> ids_;
  std::size_t next_ = 0;
  std::size_t sweep_at_ = sweep_min;
};

}  // namespace lepus::core
