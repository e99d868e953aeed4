// Blocks and pieces: the slow halves of the send chain.
#include "net/stream/send_chain.h"

#include <algorithm>
#include <memory>

#include "core/limits.h"

namespace lepus::net {

BlockPool::~BlockPool() {
  CHECK(in_use_ == 0);
  while (free_ != nullptr) {
    const std::unique_ptr<Block> block(free_);
    free_ = block->next_free;
  }
}

BlockPool::Block* BlockPool::take() {
  ++in_use_;
  if (free_ == nullptr) {
    Block* block = std::make_unique_for_overwrite<Block>().release();
    block->next_free = nullptr;
    block->piece_count = 0;
    block->used = 0;
    return block;
  }
  CHECK(idle_ > 0);
  --idle_;
  Block* block = free_;
  free_ = block->next_free;
  block->next_free = nullptr;
  return block;
}

void BlockPool::give_back(Block* block) {
  CHECK(in_use_ > 0);
  CHECK(block->piece_count == 0);
  --in_use_;
  if (idle_ >= idle_max_) {
    const std::unique_ptr<Block> freed(block);
    return;
  }
  ++idle_;
  block->used = 0;
  block->next_free = free_;
  free_ = block;
}

void SendChain::add_piece(std::size_t room) {
  constexpr std::size_t alignment = alignof(Piece);
  const std::size_t start =
      block_ == nullptr ? 0 : (block_->used + alignment - 1) / alignment * alignment;
  if (block_ == nullptr || start + sizeof(Piece) + room > sizeof block_->bytes) {
    block_ = pool_->take();
  } else {
    block_->used = static_cast<std::uint32_t>(start);
  }
  std::uint8_t* cursor = block_->bytes + block_->used;
  auto* piece = std::construct_at(reinterpret_cast<Piece*>(cursor),
                                  Piece{nullptr, cursor + sizeof(Piece), 0, block_, nullptr});
  block_->used += static_cast<std::uint32_t>(sizeof(Piece));
  ++block_->piece_count;
  CHECK(block_->used + room <= sizeof block_->bytes);
  if (tail_ == nullptr) {
    head_ = piece;
  } else {
    tail_->next = piece;
  }
  tail_ = piece;
}

void SendChain::append_slow(core::Bytes bytes) {
  while (!bytes.empty()) {
    if (room_at_tail() == 0) add_piece(std::min(bytes.size(), core::limits::send_reserve_max));
    const std::size_t part = std::min(bytes.size(), room_at_tail());
    std::memcpy(block_->bytes + block_->used, bytes.data(), part);
    reserved_ = part;
    commit(part);
    bytes = bytes.subspan(part);
  }
}

void SendChain::append_ref(core::Bytes piece, SendOwner* owner) {
  CHECK(owner != nullptr);
  if (piece.empty()) return owner->release_sent();
  add_piece(0);
  tail_->data = piece.data();
  tail_->size = piece.size();
  tail_->owner = owner;
  size_ += piece.size();
  pool_->unsent_ += piece.size();
}

/// The end of the loan moves with the bytes of its piece.
void SendChain::acknowledge(std::size_t size) {
  CHECK(size <= lent_);
  lent_ -= size;
  if (lent_ == 0) loan_end_ = {};
  for (std::size_t left = size; lent_ > 0 && left > 0;) {
    const Piece* const piece = head_;
    const std::size_t part = std::min(left, piece->size);
    if (piece == loan_end_.piece) loan_end_.offset -= part;
    left -= part;
    drop(part);
  }
  if (lent_ == 0) drop(size);
}

void SendChain::drop(std::size_t size) {
  CHECK(size <= size_);
  CHECK(size <= pool_->unsent_);
  size_ -= size;
  pool_->unsent_ -= size;
  taken_ += size;
  while (head_ != nullptr) {
    const std::size_t part = std::min(size, head_->size);
    head_->data += part;
    head_->size -= part;
    size -= part;
    if (head_->size > 0) break;
    drop_head();
  }
  CHECK(size == 0);
}

void SendChain::clear() {
  CHECK(lent_ == 0);
  pool_->unsent_ -= size_;
  while (head_ != nullptr) {
    size_ -= head_->size;
    drop_head();
  }
  CHECK(size_ == 0);
  CHECK(block_ == nullptr);
}

void SendChain::drop_head() {
  Piece* piece = head_;
  SendOwner* owner = piece->owner;
  Block* block = piece->block;
  head_ = piece->next;
  if (head_ == nullptr) tail_ = nullptr;
  CHECK(block->piece_count > 0);
  if (--block->piece_count == 0) {
    if (block == block_) block_ = nullptr;
    pool_->give_back(block);
  }
  if (owner != nullptr) owner->release_sent();
}

}  // namespace lepus::net
