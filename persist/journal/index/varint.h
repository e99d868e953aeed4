// Numbers of any size in as few bytes as they need: seven bits in each, the lowest first; the top
// bit says that more follow.
#pragma once

#include <cstdint>
#include <vector>

#include "core/base/bytes.h"

namespace lepus::persist {

inline void put_varint(std::vector<std::uint8_t>& out, std::uint64_t value) {
  while (value >= 0x80) [[unlikely]] {
      out.push_back(static_cast<std::uint8_t>(value | 0x80));
      value >>= 7;
    }
  out.push_back(static_cast<std::uint8_t>(value));
}

/// Differences, which wrap around: those near zero are short, also the negative ones.
constexpr std::uint64_t zigzag(std::uint64_t difference) {
  return (difference << 1) ^ (0 - (difference >> 63));
}
constexpr std::uint64_t unzigzag(std::uint64_t value) { return (value >> 1) ^ (0 - (value & 1)); }

/// Reads numbers from bytes that may be anything. Behind the end, and when a number does not fit
/// 64 bits, it gives zeros and has failed.
class VarintReader {
 public:
  explicit VarintReader(core::Bytes bytes) : bytes_(bytes) {}

  bool has_failed() const { return has_failed_; }
  bool is_at_end() const { return index_ == bytes_.size(); }
  std::size_t bytes_left() const { return bytes_.size() - index_; }

  std::uint8_t take_byte() {
    if (is_at_end()) {
      has_failed_ = true;
      return 0;
    }
    return bytes_[index_++];
  }
  std::uint64_t take() {
    std::uint64_t value = 0;
    for (unsigned shift = 0; shift < 64; shift += 7) {
      const std::uint8_t byte = take_byte();
      if (shift == 63 && byte > 1) break;
      value |= std::uint64_t{byte & 0x7fU} << shift;
      if ((byte & 0x80) == 0) return value;
    }
    has_failed_ = true;
    return 0;
  }

 private:
  core::Bytes bytes_;
  std::size_t index_ = 0;
  bool has_failed_ = false;
};

}  // namespace lepus::persist
