// A stream's send chain, of which a user-space stack borrows what it sends until the peer has
// acknowledged it.
#pragma once

#include <algorithm>
#include <array>

#include "net/bypass/stack_api.h"
#include "net/stream/send_chain.h"

namespace lepus::net::bypass {

class LentOutput {
 public:
  explicit LentOutput(BlockPool& pool) : chain(pool) {}

  /// Lends what the connection wants and lets it send. False: the device's ring is full, once more
  /// in the next turn.
  bool write_to(Connection& connection) {
    for (std::uint32_t room = connection.room(); room > 0; room = connection.room()) {
      if (unwritten_.empty() && !lend(std::min(room, write_size_max))) break;
      const auto size = static_cast<std::uint32_t>(unwritten_.size());
      if (!connection.write(unwritten_.data(), size)) break;
      unwritten_ = {};
    }
    return connection.output();
  }
  /// Nothing is lent any more.
  void take_back() {
    unwritten_ = {};
    chain.end_loan(0);
  }

  SendChain chain;

 private:
  struct Piece {
    void* bytes;
    std::size_t size;
  };

  bool lend(std::size_t size_max) {
    std::array<Piece, 1> piece;
    if (chain.lend(std::span<Piece>(piece), size_max).count == 0) return false;
    unwritten_ = {static_cast<const std::uint8_t*>(piece[0].bytes), piece[0].size};
    return true;
  }

  core::Bytes unwritten_;  ///< Lent, but the stack could not take it yet.
};

}  // namespace lepus::net::bypass
