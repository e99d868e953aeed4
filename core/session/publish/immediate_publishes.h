// Messages published with `immediate` of which other shards still have to say whether a consumer
// took them. A message that no consumer took is returned to its publisher.
#pragma once

#include <cstdint>
#include <utility>
#include <vector>

#include "core/message/message.h"

namespace lepus::core {

class ImmediatePublishes {
 public:
  /// The id that add() gives to the next message.
  std::uint64_t next_id() const { return next_id_; }
  bool is_empty() const { return entries_.empty(); }
  /// Takes next_id(). `replies` (at least 1) will come; `taken`: a consumer of this shard has it.
  void add(MessageRef message, std::uint32_t replies, bool taken) {
    CHECK(replies > 0);
    entries_.push_back({next_id_++, std::move(message), replies, taken});
  }
  /// Counts one of the replies. Returns the message if that was the last reply and no consumer took
  /// it, else null. An id that is not waited for is ignored.
  MessageRef note_reply(std::uint64_t id, bool taken) {
    for (std::size_t i = 0; i < entries_.size(); ++i) {
      Entry& entry = entries_[i];
      if (entry.id != id) continue;
      entry.taken |= taken;
      if (--entry.replies_due > 0) return {};
      MessageRef unwanted = entry.taken ? MessageRef{} : std::move(entry.message);
      entries_.erase(entries_.begin() + static_cast<std::ptrdiff_t>(i));
      return unwanted;
    }
    return {};
  }
  void clear() { entries_.clear(); }

 private:
  struct Entry {
    std::uint64_t id;
    MessageRef message;
    std::uint32_t replies_due;
    bool taken;
  };
  std::vector<Entry> entries_;  ///< One, or those of a transaction.
  std::uint64_t next_id_ = 1;
};

}  // namespace lepus::core
