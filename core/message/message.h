// A message: one immutable block with routing data, property bytes as received and the body,
// followed for large bodies by a chain of chunks. The reference count is a plain integer: a message
// belongs to one shard at a time. Crossing to another shard hands over the only reference, or a
// copy() when more than one is held.
//
//   [Message][exchange][routing key][properties][inline body ...]
//       -> [Chunk][bytes] -> [Chunk][bytes] ...
//
// While it is being received, append_body() fills it; complete() tells when the announced size is
// reached.
#pragma once

#include <cstdint>
#include <string_view>
#include <utility>

#include "core/base/bytes.h"

namespace lepus::core {

class MessageRef;

/// Where the record of a persistent message lies in its shard's journal. Segment 0: it has none.
struct RecordLocation {
  std::uint32_t segment = 0;
  std::uint32_t offset = 0;  ///< In the segment, bytes.
  std::uint32_t size = 0;    ///< Of the record, bytes.
  explicit operator bool() const { return segment != 0; }
  bool operator==(const RecordLocation&) const = default;
  /// In the order in which records are written.
  bool operator<(const RecordLocation& other) const {
    return segment != other.segment ? segment < other.segment : offset < other.offset;
  }
};

/// What the messages of one shard occupy, and what it remembers of messages. Written by that shard
/// only.
struct MemoryAccount {
  std::uint64_t message_bytes = 0;
  std::uint64_t index_bytes = 0;     ///< Ids of messages that came.
  std::uint64_t topology_bytes = 0;  ///< Queues, exchanges and bindings, estimated.
  std::uint64_t session_bytes = 0;   ///< Connections, channels and consumers, estimated.
  std::uint64_t unacked_bytes = 0;   ///< What sessions remember of deliveries.
  std::uint64_t total() const {
    return message_bytes + index_bytes + topology_bytes + session_bytes + unacked_bytes;
  }
};

class Message {
 public:
  /// No expiration property; real ones are below (limits::expiry_ms_max).
  static constexpr std::uint64_t no_ttl = UINT64_MAX;

  struct Parts {
    std::string_view exchange;     ///< At most 255 bytes.
    std::string_view routing_key;  ///< At most 255 bytes.
    Bytes properties;              ///< Property flags and values, as in the content header frame.
    std::uint64_t body_size = 0;
    bool persistent = false;  ///< delivery_mode 2.
    std::uint8_t priority = 0;
    std::uint64_t ttl_ms = no_ttl;  ///< The expiration property.
  };
  /// `account` must outlive the message or be left by leave_account().
  static MessageRef create(const Parts& parts, MemoryAccount& account);

  std::string_view exchange() const { return {text(), exchange_size_}; }
  std::string_view routing_key() const { return {text() + exchange_size_, key_size_}; }
  Bytes properties() const { return {data() + exchange_size_ + key_size_, properties_size_}; }
  std::uint64_t body_size() const { return body_size_; }
  bool persistent() const { return persistent_; }
  std::uint8_t priority() const { return priority_; }
  std::uint64_t ttl_ms() const { return ttl_ms_; }
  /// Only while one reference is held.
  void set_ttl_ms(std::uint64_t ttl_ms) { ttl_ms_ = ttl_ms; }
  bool complete() const { return body_filled_ == body_size_; }
  const RecordLocation& place() const { return place_; }
  void set_place(const RecordLocation& place) { place_ = place; }
  /// What this message occupies, for accounting. Grows with the body while that is received.
  std::uint64_t memory_size() const;

  /// Copies the next piece of the body; more than was announced is a programmer's error.
  void append_body(Bytes piece);
  /// The part of the body inside the block: all of it unless the message is large.
  Bytes inline_body() const;
  bool is_large() const { return body_size_ > inline_capacity_; }
  /// Calls visit(Bytes) for each contiguous piece of the body, in order.
  template <class F>
  void for_each_piece(F&& visit) const;

  /// A message of its own with the same content, in the same account.
  MessageRef copy() const;

  /// Before a message goes to another shard, and after it came. Its record stays behind.
  void leave_account();
  void enter_account(MemoryAccount& account);

 private:
  friend class MessageRef;
  struct Chunk {
    Chunk* next;
    std::uint32_t capacity;
    std::uint32_t filled;
    std::uint8_t* bytes() { return reinterpret_cast<std::uint8_t*>(this + 1); }
    const std::uint8_t* bytes() const { return reinterpret_cast<const std::uint8_t*>(this + 1); }
  };

  Message() = default;
  ~Message() = default;
  void destroy();
  Chunk& tail_chunk();
  const std::uint8_t* data() const { return reinterpret_cast<const std::uint8_t*>(this + 1); }
  std::uint8_t* data() { return reinterpret_cast<std::uint8_t*>(this + 1); }
  const char* text() const { return reinterpret_cast<const char*>(this + 1); }
  std::size_t head_size() const {
    return std::size_t{exchange_size_} + key_size_ + properties_size_;
  }

  std::uint32_t references_ = 1;
  std::uint32_t properties_size_ = 0;
  std::uint8_t exchange_size_ = 0;
  std::uint8_t key_size_ = 0;
  bool persistent_ = false;
  std::uint8_t priority_ = 0;
  std::uint32_t inline_capacity_ = 0;
  std::uint64_t body_size_ = 0;
  std::uint64_t body_filled_ = 0;
  std::uint64_t ttl_ms_ = no_ttl;
  Chunk* first_chunk_ = nullptr;
  Chunk* last_chunk_ = nullptr;
  MemoryAccount* account_ = nullptr;  ///< Null while between shards.
  RecordLocation place_;              ///< Of this shard's journal.
};

/// Holds one reference.
class MessageRef {
 public:
  MessageRef() = default;
  MessageRef(const MessageRef& other) : message_(other.message_) {
    if (message_ != nullptr) ++message_->references_;
  }
  MessageRef(MessageRef&& other) noexcept : message_(std::exchange(other.message_, nullptr)) {}
  MessageRef& operator=(MessageRef other) noexcept {
    std::swap(message_, other.message_);
    return *this;
  }
  ~MessageRef() {
    if (message_ != nullptr && --message_->references_ == 0) message_->destroy();
  }

  Message* operator->() const { return message_; }
  Message& operator*() const { return *message_; }
  explicit operator bool() const { return message_ != nullptr; }
  Message* get() const { return message_; }
  bool is_only_reference() const { return message_->references_ == 1; }

  /// Gives the reference away as a plain pointer; adopt() takes it back. For slots of a queue.
  Message* detach() { return std::exchange(message_, nullptr); }
  static MessageRef adopt(Message* message) { return MessageRef{message}; }
  /// A second reference to a message that someone else holds.
  static MessageRef share(Message* message) {
    ++message->references_;
    return MessageRef{message};
  }

 private:
  explicit MessageRef(Message* message) : message_(message) {}
  Message* message_ = nullptr;
};

/// Makes a message leave this shard: the block itself when this is the only reference, else a copy.
/// Returns the only reference; its receiver lets it enter an account of its own.
MessageRef export_message(MessageRef message);

template <class F>
void Message::for_each_piece(F&& visit) const {
  if (const Bytes head = inline_body(); !head.empty()) visit(head);
  for (const Chunk* chunk = first_chunk_; chunk != nullptr; chunk = chunk->next)
    visit(Bytes{chunk->bytes(), chunk->filled});
}

}  // namespace lepus::core
