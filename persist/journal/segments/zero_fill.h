// Zeros for a new file, several pieces of one block of memory in each write.
#pragma once

#include <array>
#include <cstdint>
#include <cstdlib>
#include <memory>

#include "io/op.h"

namespace lepus::persist {

class ZeroFill {
 public:
  ZeroFill() : zeros_(nullptr, &std::free) {}

  /// The file is to have `size` bytes.
  void start(std::uint64_t size);
  /// Makes of `op` the write of the zeros that come next; the descriptor is the caller's. The op
  /// must have come back before this is changed.
  void set_write(io::Op& op);
  /// So many bytes of that write are in the file. Direct I/O goes on at a block: what was written
  /// of one is written again.
  void on_written(std::uint64_t bytes);
  bool is_done() const { return filled_ >= size_; }
  /// Gives the memory back.
  void release() { zeros_.reset(); }

 private:
  std::uint64_t size_ = 0;
  std::uint64_t filled_ = 0;  ///< Bytes, from the beginning of the file.
  std::array<iovec, 8> iov_{};
  std::unique_ptr<std::uint8_t, void (*)(void*)> zeros_;
};

}  // namespace lepus::persist
