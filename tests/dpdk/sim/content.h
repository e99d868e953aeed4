// What a side of a connection sends: bytes that follow from a number and from where they are, so
// that the other side knows each of them.
#pragma once

#include <vector>

#include "core/base/bytes.h"

namespace lepus::net::bypass::sim {

class Content {
 public:
  explicit Content(std::uint64_t number) : number_(number) {}
  std::uint8_t at(std::size_t index) const {
    std::uint64_t word = (number_ ^ index / 8) * 0x9e3779b97f4a7c15;
    word ^= word >> 29;
    return static_cast<std::uint8_t>(word * 0xbf58476d1ce4e5b9 >> (index % 8 * 8));
  }
  std::vector<std::uint8_t> part(std::size_t from, std::size_t size) const {
    std::vector<std::uint8_t> bytes(size);
    for (std::size_t i = 0; i < size; ++i) bytes[i] = at(from + i);
    return bytes;
  }
  /// Whether `bytes` are those from `from` on.
  bool is_here(std::size_t from, core::Bytes bytes) const {
    for (std::size_t i = 0; i < bytes.size(); ++i)
      if (bytes[i] != at(from + i)) return false;
    return true;
  }

 private:
  std::uint64_t number_;
};

}  // namespace lepus::net::bypass::sim
