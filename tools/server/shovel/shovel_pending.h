// Messages that came from the source of a shovel and are not published yet, in order.
#pragma once

#include <cstdint>
#include <deque>
#include <utility>

#include "core/base/assert.h"
#include "core/limits/shovels.h"
#include "core/message/message.h"

namespace lepus::server {

class ShovelPending {
 public:
  struct Entry {
    std::uint64_t tag;  ///< At the source.
    core::MessageRef message;
  };

  bool empty() const { return entries_.empty(); }
  std::size_t size() const { return entries_.size(); }
  /// The source is to wait.
  bool is_full() const {
    return entries_.size() >= core::limits::shovel_pending_max ||
           bytes_ >= core::limits::shovel_pending_bytes_max;
  }
  void add(Entry entry) {
    bytes_ += entry.message->body_size();
    entries_.push_back(std::move(entry));
  }
  Entry take() {
    CHECK(!entries_.empty());
    Entry entry = std::move(entries_.front());
    entries_.pop_front();
    bytes_ -= entry.message->body_size();
    return entry;
  }
  void clear() {
    entries_.clear();
    bytes_ = 0;
  }

 private:
  std::deque<Entry> entries_;
  std::uint64_t bytes_ = 0;  ///< Of bodies.
};

}  // namespace lepus::server
