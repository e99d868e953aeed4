// Messages published with `immediate` of which other shards still have to say whether a consumer
// took them. One that nobody took is returned.
#pragma once

#include <cstdint>
#include <utility>
#include <vector>

#include "core/message/message.h"

namespace lepus::amqp {

class UndecidedPublishes {
 public:
  std::uint64_t next_id() const { return next_id_; }
  bool is_empty() const { return entries_.empty(); }
  /// Takes next_id(). `replies` will come, at least one.
  void add(core::MessageRef message, std::uint32_t replies, bool taken) {
    CHECK(replies > 0);
    entries_.push_back({next_id_++, std::move(message), replies, taken});
  }
  /// One of the replies. The message, when that was the last and nobody took it; else null.
  core::MessageRef note_reply(std::uint64_t id, bool taken) {
    for (std::size_t i = 0; i < entries_.size(); ++i) {
      Entry& entry = entries_[i];
      if (entry.id != id) continue;
      entry.taken |= taken;
      if (--entry.replies_due > 0) return {};
      core::MessageRef unwanted = entry.taken ? core::MessageRef{} : std::move(entry.message);
      entries_.erase(entries_.begin() + static_cast<std::ptrdiff_t>(i));
      return unwanted;
    }
    return {};
  }
  void clear() { entries_.clear(); }

 private:
  struct Entry {
    std::uint64_t id;
    core::MessageRef message;
    std::uint32_t replies_due;
    bool taken;
  };
  std::vector<Entry> entries_;  ///< One, or those of a transaction.
  std::uint64_t next_id_ = 1;
};

}  // namespace lepus::amqp
