// Dropping messages that came already: x-message-deduplication of queues and exchanges, as LavinMQ
// has it (message deduplication). A message has an id in a header; one with the same id as one of
// the last x-cache-size within x-cache-ttl is dropped, and confirmed. A message without the header
// is never dropped. The ids seen are in memory only and are forgotten by a restart; whatever
// x-cache-size says, they take at most limits::deduplication_bytes_max.
#pragma once

#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>

#include "core/base/time.h"
#include "core/message/message.h"

namespace lepus::core {

struct FieldValue;  // core/message/field_table.h

struct Deduplication {
  bool is_on = false;
  std::uint64_t cache_size = 128;             ///< Ids remembered; at least 1.
  std::optional<std::uint64_t> cache_ttl_ms;  ///< Nothing: as long as there is room.
  std::string header = "x-deduplication-header";
  bool operator==(const Deduplication&) const = default;
};

/// Reads one of the arguments x-message-deduplication, x-cache-size, x-cache-ttl and
/// x-deduplication-header. Empty, or the reason of a 406.
std::string read_deduplication(std::string_view key, const FieldValue& value, Deduplication& out);

class Deduplicator {
 public:
  /// `account`, which outlives this object, has what the ids take.
  Deduplicator(Deduplication rules, MemoryAccount& account)
      : rules_(std::move(rules)), account_(account) {}
  ~Deduplicator() { account_.index_bytes -= bytes_; }
  Deduplicator(const Deduplicator&) = delete;
  Deduplicator& operator=(const Deduplicator&) = delete;

  const Deduplication& rules() const { return rules_; }
  /// Returns true when the message's id was seen within the window.
  bool is_duplicate(const Message& message, Nanos now) const;
  /// Remembers the id of a message that was accepted.
  void remember(const Message& message, Nanos now);

 private:
  struct Seen {
    Nanos until;
    std::uint64_t number;  ///< Of its latest entry in order_.
  };
  struct Entry {
    std::uint64_t number;
    const std::string* id;  ///< In seen_.
  };

  /// Of one id, with what the containers need for it, bytes.
  static std::uint64_t size_of(const std::string& id);
  void count(std::uint64_t added, std::uint64_t removed);
  void forget_oldest();

  Deduplication rules_;
  MemoryAccount& account_;
  std::uint64_t bytes_ = 0;  ///< Of all ids and entries.
  std::unordered_map<std::string, Seen> seen_;
  std::deque<Entry> order_;  ///< Oldest first; what was seen again meanwhile is skipped.
  std::uint64_t last_number_ = 0;
};

}  // namespace lepus::core
