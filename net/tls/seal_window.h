// How many bytes of records a connection may have waiting to be sent: twice as many each time its
// client has taken all of them and more is to be encrypted, half as many when some are left.
#pragma once

#include <algorithm>
#include <cstddef>
#include <utility>

#include "core/limits/tls_output.h"
#include "net/stream/send_chain.h"

namespace lepus::net {

class SealWindow {
 public:
  /// `pool` is that of the records.
  std::size_t size(const BlockPool& pool) const {
    if (pool.bytes_in_use() > core::limits::tls_sealed_blocks_max)
      return core::limits::tls_sealed_max;
    return size_;
  }
  /// Output became records, which its writer is to be told once they are taken.
  void note_sealed() { has_sealed_ = true; }
  bool take_sealed() { return std::exchange(has_sealed_, false); }
  void grow() { size_ = std::min(2 * size_, core::limits::tls_sealed_fast_max); }
  void shrink() { size_ = std::max(size_ / 2, core::limits::tls_sealed_max); }

 private:
  std::size_t size_ = core::limits::tls_sealed_max;
  bool has_sealed_ = false;
};

}  // namespace lepus::net
