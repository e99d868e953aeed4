// What waits to be sent on one connection, in order: small pieces copied into blocks of a per-shard
// pool, large ones by reference.
//
//   head -> Piece{bytes in this block} -> Piece{reference, owner} -> Piece{bytes} <- tail
//   Block: | header | Piece | bytes ... | Piece(ref) | Piece | bytes ...    free |
//
//          ^ acknowledged     ^ lent
//
// A transport takes bytes in two steps: lend() shows it the next ones, which stay where they are;
// end_loan() or acknowledge() says that it needs those in front no more. consume() is both, for one
// that copies.
//
// Pieces live inside the blocks, so a message costs no allocation: neighbouring small pieces are
// one Piece that grows. A block goes back to the pool when its last piece left, and an empty chain
// owns no block. Invariants: size() is the sum of the pieces; bytes once committed do not move, so
// a send in flight may name them while more is added behind; nothing is dropped while it is lent.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>

#include "core/base/assert.h"
#include "core/base/bytes.h"
#include "core/limits.h"

namespace lepus::net {

/// Whoever lent bytes to a chain with append_ref().
class SendOwner {
 public:
  /// Called once per append_ref(): the bytes left, or the chain was dropped. On the chain's thread.
  virtual void release_sent() = 0;

 protected:
  ~SendOwner() = default;
};

class SendChain;

/// Blocks for the chains of one shard. Keeps up to `idle_max` free blocks for reuse, gives the rest
/// back to the allocator.
class BlockPool {
 public:
  static constexpr std::size_t block_size = std::size_t{16} << 10;

  explicit BlockPool(std::size_t idle_max = 1024) : idle_max_(idle_max) {}
  BlockPool(const BlockPool&) = delete;
  BlockPool& operator=(const BlockPool&) = delete;
  /// All blocks must be back.
  ~BlockPool();

  std::size_t blocks_in_use() const { return in_use_; }
  std::size_t blocks_idle() const { return idle_; }
  /// Memory of what waits to be sent, references not counted.
  std::size_t bytes_in_use() const { return in_use_ * block_size; }
  /// What waits to be sent in all chains, references included.
  std::size_t unsent_bytes() const { return unsent_; }

 private:
  friend class SendChain;
  struct Block {
    Block* next_free;
    std::uint32_t piece_count;
    std::uint32_t used;  ///< Bytes of `bytes` given to pieces and their headers.
    alignas(8) std::uint8_t bytes[block_size - 16];
  };
  static_assert(sizeof(Block) == block_size);

  Block* take();
  void give_back(Block* block);

  Block* free_ = nullptr;
  std::size_t in_use_ = 0;
  std::size_t unsent_ = 0;
  std::size_t idle_ = 0;
  std::size_t idle_max_;
};

class SendChain {
 public:
  explicit SendChain(BlockPool& pool) : pool_(&pool) {}
  SendChain(const SendChain&) = delete;
  SendChain& operator=(const SendChain&) = delete;
  ~SendChain() { clear(); }

  /// Contiguous room for `size` bytes (1..limits::send_reserve_max), valid until the next call of
  /// anything else here. Committing less, or nothing, is fine.
  std::uint8_t* reserve(std::size_t size) {
    CHECK(size > 0 && size <= core::limits::send_reserve_max);
    if (room_at_tail() < size) add_piece(size);
    reserved_ = size;
    return block_->bytes + block_->used;
  }
  /// The first `size` bytes (at most what was reserved) belong to the chain.
  void commit(std::size_t size) {
    CHECK(size <= reserved_);
    reserved_ = 0;
    block_->used += static_cast<std::uint32_t>(size);
    tail_->size += size;
    size_ += size;
    pool_->unsent_ += size;
  }
  /// Copies; any size.
  void append(core::Bytes bytes) {
    if (bytes.empty()) return;
    if (room_at_tail() < bytes.size()) return append_slow(bytes);
    std::memcpy(block_->bytes + block_->used, bytes.data(), bytes.size());
    reserved_ = bytes.size();
    commit(bytes.size());
  }
  /// No copy; `piece` stays valid until owner->release_sent(). An empty piece is released at once.
  void append_ref(core::Bytes piece, SendOwner* owner);

  /// Bytes that the transport has not taken for good.
  std::size_t size() const { return size_; }
  /// Those of them in front that it was lent.
  std::size_t lent() const { return lent_; }
  /// Shared with the other chains of the shard.
  const BlockPool& pool() const { return *pool_; }
  /// For filters, whose own chain is of the same shard.
  BlockPool& shared_pool() { return *pool_; }
  bool empty() const { return size_ == 0; }
  /// Bytes that the transport has taken so far.
  std::uint64_t taken() const { return taken_; }

  struct Filled {
    std::uint32_t count;  ///< Entries written.
    std::size_t bytes;    ///< Their sum.
  };
  // --- For transports. `Buffers` is a span or an array of iovec, or of whatever else is made of an
  // address and a size.

  /// The first pieces, at most buffers.size() of them and `bytes_max` bytes.
  template <class Buffers>
  Filled fill(Buffers&& buffers, std::size_t bytes_max) const {
    Cursor cursor{head_, 0};
    return fill_from(cursor, std::span{buffers}, bytes_max);
  }
  /// `size` bytes from the front were taken. Nothing is lent.
  void consume(std::size_t size) {
    CHECK(lent_ == 0);
    drop(size);
  }
  /// As fill(), behind what was lent before: they stay valid until they are given back.
  template <class Buffers>
  Filled lend(Buffers&& buffers, std::size_t bytes_max) {
    if (loan_end_.piece == nullptr) loan_end_ = {head_, 0};
    const Filled filled = fill_from(loan_end_, std::span{buffers}, bytes_max);
    lent_ += filled.bytes;
    return filled;
  }
  /// `size` bytes from the front, which were lent, are sent and needed no more.
  void acknowledge(std::size_t size);
  /// As acknowledge(); and the rest of what was lent is not sent, but given back.
  void end_loan(std::size_t size) {
    CHECK(size <= lent_);
    lent_ = 0;
    loan_end_ = {};
    drop(size);
  }
  /// Drops everything (owners are told). Nothing is lent.
  void clear();

 private:
  using Block = BlockPool::Block;
  struct Piece {
    Piece* next;
    const std::uint8_t* data;
    std::size_t size;
    Block* block;      ///< The block this header lies in.
    SendOwner* owner;  ///< nullptr: the bytes follow the header, and the tail piece can grow.
  };
  static_assert(sizeof(Piece) % 8 == 0);

  /// A place between two bytes. Behind the last byte of the tail it stays there: the tail may grow.
  struct Cursor {
    const Piece* piece = nullptr;  ///< nullptr: the front.
    std::size_t offset = 0;        ///< Bytes of the piece before it.
  };

  template <class Buffer, std::size_t Extent>
  static Filled fill_from(Cursor& cursor, std::span<Buffer, Extent> buffers, std::size_t bytes_max);
  /// How much the tail piece can grow in place.
  std::size_t room_at_tail() const {
    if (tail_ == nullptr || tail_->owner != nullptr) return 0;
    return sizeof block_->bytes - block_->used;
  }
  void add_piece(std::size_t room);
  void append_slow(core::Bytes bytes);
  void drop(std::size_t size);
  void drop_head();

  BlockPool* pool_;
  Piece* head_ = nullptr;
  Piece* tail_ = nullptr;
  Block* block_ = nullptr;  ///< The block being filled: the one of the tail piece.
  std::size_t size_ = 0;
  std::size_t reserved_ = 0;
  std::uint64_t taken_ = 0;
  std::size_t lent_ = 0;
  Cursor loan_end_;  ///< Behind what was lent.
};

template <class Buffer, std::size_t Extent>
SendChain::Filled SendChain::fill_from(Cursor& cursor, std::span<Buffer, Extent> buffers,
                                       std::size_t bytes_max) {
  Filled filled{0, 0};
  while (cursor.piece != nullptr && filled.count < buffers.size() && filled.bytes < bytes_max) {
    const Piece& piece = *cursor.piece;
    const std::size_t part = std::min(piece.size - cursor.offset, bytes_max - filled.bytes);
    if (part > 0) {
      // Buffers serve both directions, hence not const; a send only reads.
      buffers[filled.count++] = {const_cast<std::uint8_t*>(piece.data) + cursor.offset, part};
      filled.bytes += part;
      cursor.offset += part;
    }
    if (cursor.offset < piece.size || piece.next == nullptr) break;
    cursor = {piece.next, 0};
  }
  return filled;
}

}  // namespace lepus::net
