// The publishes of a shovel that wait for their confirm, and the tags that their messages have at
// the source. Publishes are numbered from 1.
//
//   oldest: | done | waits | done | waits |     the tags of all in front that are done are settled
#pragma once

#include <cstdint>
#include <deque>

#include "core/base/assert.h"

namespace lepus::server {

class ShovelWindow {
 public:
  std::size_t size() const { return entries_.size(); }
  bool empty() const { return entries_.empty(); }
  /// Of the publish that is made next.
  void add(std::uint64_t tag) { entries_.push_back({tag, false}); }
  /// Numbers that were confirmed before change nothing. The number is one that was published.
  void confirm(std::uint64_t number, bool is_multiple) {
    if (number < oldest_) return;
    const std::uint64_t index = number - oldest_;
    CHECK(index < entries_.size());
    if (!is_multiple) {
      entries_[index].is_done = true;
      return;
    }
    for (std::uint64_t i = 0; i <= index; ++i) entries_[i].is_done = true;
  }
  /// Calls visit(tag) for each in front that is done, in their order.
  template <class F>
  void take_done(F&& visit) {
    for (; !entries_.empty() && entries_.front().is_done; ++oldest_) {
      visit(entries_.front().tag);
      entries_.pop_front();
    }
  }

 private:
  struct Entry {
    std::uint64_t tag;
    bool is_done;
  };
  std::deque<Entry> entries_;
  std::uint64_t oldest_ = 1;  ///< Number of the first entry.
};

}  // namespace lepus::server
