// Dropping messages that came already: x-message-deduplication of queues and exchanges, as LavinMQ
// has it (message deduplication). A message has an id in a header; one with the same id as one of
// the last x-cache-size within x-cache-ttl is dropped, and confirmed. A message without the header
// is never dropped. The ids seen are in memory only and are forgotten by a restart.
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
  explicit Deduplicator(Deduplication rules) : rules_(std::move(rules)) {}

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

  Deduplication rules_;
  std::unordered_map<std::string, Seen> seen_;
  std::deque<Entry> order_;  ///< Oldest first; what was seen again meanwhile is skipped.
  std::uint64_t last_number_ = 0;
};

}  // namespace lepus::core
