// Allocation and filling of message blocks. The block is sized once from the announced body size;
// memory that a peer announces but never sends is not touched and so costs address space only. The
// account has what came: of the block the bytes that are filled, and each chunk as a whole.
#include "core/message/message.h"

#include <algorithm>
#include <cstring>
#include <memory>
#include <new>

#include "core/limits.h"

namespace lepus::core {

namespace {
/// Its slot in a queue, and what the allocator rounds up.
constexpr std::uint64_t bookkeeping_size = 32;
}  // namespace

MessageRef Message::create(const Parts& parts, MemoryAccount& account) {
  CHECK(parts.exchange.size() <= 255);
  CHECK(parts.routing_key.size() <= 255);
  const auto inline_capacity =
      static_cast<std::uint32_t>(std::min(parts.body_size, limits::body_inline_max));
  const std::size_t head =
      parts.exchange.size() + parts.routing_key.size() + parts.properties.size();
  void* memory = ::operator new(sizeof(Message) + head + inline_capacity);
  auto* message = ::new (memory) Message;
  message->exchange_size_ = static_cast<std::uint8_t>(parts.exchange.size());
  message->key_size_ = static_cast<std::uint8_t>(parts.routing_key.size());
  message->properties_size_ = static_cast<std::uint32_t>(parts.properties.size());
  message->persistent_ = parts.persistent;
  message->priority_ = parts.priority;
  message->ttl_ms_ = parts.ttl_ms;
  message->inline_capacity_ = inline_capacity;
  message->body_size_ = parts.body_size;
  std::uint8_t* cursor = store_bytes(message->data(), as_bytes(parts.exchange));
  cursor = store_bytes(cursor, as_bytes(parts.routing_key));
  store_bytes(cursor, parts.properties);
  message->enter_account(account);
  return MessageRef::adopt(message);
}

void Message::leave_account() {
  CHECK(account_ != nullptr);
  CHECK(account_->message_bytes >= memory_size());
  account_->message_bytes -= memory_size();
  account_ = nullptr;
  place_ = {};
}

void Message::enter_account(MemoryAccount& account) {
  CHECK(account_ == nullptr);
  account_ = &account;
  account_->message_bytes += memory_size();
}

void Message::destroy() {
  if (account_ != nullptr) leave_account();
  for (Chunk* chunk = first_chunk_; chunk != nullptr;) {
    Chunk* next = chunk->next;
    ::operator delete(chunk);
    chunk = next;
  }
  this->~Message();
  ::operator delete(static_cast<void*>(this));
}

Bytes Message::inline_body() const {
  const std::uint64_t filled = std::min<std::uint64_t>(body_filled_, inline_capacity_);
  return {data() + head_size(), static_cast<std::size_t>(filled)};
}

std::uint64_t Message::memory_size() const {
  const std::uint64_t base = sizeof(Message) + head_size() + bookkeeping_size;
  if (body_filled_ <= inline_capacity_) return base + body_filled_;
  // Chunks are whole but for the last one of the body.
  const std::uint64_t in_chunks = body_filled_ - inline_capacity_;
  const std::uint64_t chunks =
      (in_chunks + limits::body_chunk_size - 1) / limits::body_chunk_size * limits::body_chunk_size;
  return base + inline_capacity_ + std::min(chunks, body_size_ - inline_capacity_);
}

void Message::append_body(Bytes piece) {
  CHECK(piece.size() <= body_size_ - body_filled_);
  CHECK(account_ != nullptr);
  if (body_filled_ < inline_capacity_) {
    const auto room = static_cast<std::size_t>(inline_capacity_ - body_filled_);
    const Bytes part = piece.first(std::min(room, piece.size()));
    store_bytes(data() + head_size() + body_filled_, part);
    body_filled_ += part.size();
    account_->message_bytes += part.size();
    piece = piece.subspan(part.size());
  }
  while (!piece.empty()) {
    Chunk& chunk = tail_chunk();
    const Bytes part =
        piece.first(std::min<std::size_t>(chunk.capacity - chunk.filled, piece.size()));
    store_bytes(chunk.bytes() + chunk.filled, part);
    chunk.filled += static_cast<std::uint32_t>(part.size());
    body_filled_ += part.size();
    piece = piece.subspan(part.size());
  }
}

Message::Chunk& Message::tail_chunk() {
  if (last_chunk_ != nullptr && last_chunk_->filled < last_chunk_->capacity) return *last_chunk_;
  const auto capacity =
      static_cast<std::uint32_t>(std::min(body_size_ - body_filled_, limits::body_chunk_size));
  void* memory = ::operator new(sizeof(Chunk) + capacity);
  auto* chunk = ::new (memory) Chunk{nullptr, capacity, 0};
  (last_chunk_ != nullptr ? last_chunk_->next : first_chunk_) = chunk;
  last_chunk_ = chunk;
  account_->message_bytes += capacity;
  return *chunk;
}

MessageRef Message::copy() const {
  CHECK(account_ != nullptr);
  MessageRef twin =
      create({exchange(), routing_key(), properties(), body_size_, persistent_, priority_, ttl_ms_},
             *account_);
  for_each_piece([&](Bytes piece) { twin->append_body(piece); });
  CHECK(twin->body_filled_ == body_filled_);
  return twin;
}

MessageRef export_message(MessageRef message) {
  CHECK(message);
  if (!message.is_only_reference()) message = message->copy();
  message->leave_account();
  return message;
}

}  // namespace lepus::core
