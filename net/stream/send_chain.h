// What waits to be sent on one connection, in order: small pieces copied into blocks of a per-shard
// pool, large ones by reference.
//
//   head -> Piece{bytes in this block} -> Piece{reference, owner} -> Piece{bytes} <- tail
//   Block: | header | Piece | bytes ... | Piece(ref) | Piece | bytes ...    free |
//
// Pieces live inside the blocks, so a message costs no allocation: neighbouring small pieces are
// one Piece that grows. A block goes back to the pool when its last piece left, and an empty chain
// owns no block. Invariants: size() is the sum of the pieces; bytes once committed do not move, so
// a send in flight may name them while more is added behind.
#pragma once

#include <cstddef>
#include <cstdint>

#include <sys/uio.h>

#include "core/base/bytes.h"

namespace lepus::net {

/// Whoever lent bytes to a chain with append_ref().
class SendOwner {
 public:
  /// Called once per append_ref(): the bytes left, or the chain was dropped. On the chain's thread.
  virtual void release_sent() = 0;

 protected:
  ~SendOwner() = default;
};

/// Blocks for the chains of one shard. Keeps up to `idle_max` free blocks for reuse, gives the rest
/// back.
class BlockPool {
 public:
  struct Block;

  static constexpr std::size_t block_size = std::size_t{16} << 10;

  explicit BlockPool(std::size_t idle_max = 256) : idle_max_(idle_max) {}
  BlockPool(const BlockPool&) = delete;
  BlockPool& operator=(const BlockPool&) = delete;
  /// All blocks must be back.
  ~BlockPool();

  Block* take();
  void give_back(Block* block);

  std::size_t blocks_in_use() const { return in_use_; }
  std::size_t blocks_idle() const { return idle_; }
  /// Memory of chains that wait to be sent, references not counted.
  std::size_t bytes_in_use() const { return in_use_ * block_size; }

 private:
  Block* free_ = nullptr;
  std::size_t in_use_ = 0;
  std::size_t idle_ = 0;
  std::size_t idle_max_;
};

class SendChain {
 public:
  /// Most bytes of one reserve().
  static constexpr std::size_t reserve_max = std::size_t{8} << 10;

  explicit SendChain(BlockPool& pool) : pool_(&pool) {}
  SendChain(const SendChain&) = delete;
  SendChain& operator=(const SendChain&) = delete;
  ~SendChain() { clear(); }

  /// Contiguous room for `size` bytes (1..reserve_max). Valid until the next call of anything else
  /// here.
  std::uint8_t* reserve(std::size_t size);
  /// The first `size` bytes (at most what was reserved) belong to the chain.
  void commit(std::size_t size);
  /// Copies; any size.
  void append(core::Bytes bytes);
  /// No copy; `piece` stays valid until owner->release_sent(). An empty piece is released at once.
  void append_ref(core::Bytes piece, SendOwner* owner);

  /// Bytes not yet taken by the transport.
  std::size_t size() const { return size_; }
  bool empty() const { return size_ == 0; }

  /// For transports: the first pieces, at most `max`. Returns how many were filled. Sets *bytes to
  /// their sum.
  std::uint32_t fill(iovec* iov, std::uint32_t max, std::size_t* bytes) const;
  /// For transports: `size` bytes from the front were taken.
  void consume(std::size_t size);
  /// Drops everything (owners are told).
  void clear();

 private:
  struct Piece;
  Piece* add_piece(std::size_t room);
  void drop_head();

  BlockPool* pool_;
  Piece* head_ = nullptr;
  Piece* tail_ = nullptr;
  BlockPool::Block* block_ = nullptr;  ///< The block being filled; the tail piece is in it.
  std::size_t size_ = 0;
  std::size_t reserved_ = 0;
};

}  // namespace lepus::net
