// The work is libisal's; it takes sizes as int, so long ranges go in pieces.
#include "persist/journal/crc.h"

#include <isa-l/crc.h>

#include <algorithm>
#include <cstddef>

namespace lepus::persist {

std::uint32_t crc32c(core::Bytes bytes, std::uint32_t before) {
  constexpr std::size_t piece_max = std::size_t{1} << 30;
  std::uint32_t crc = ~before;
  while (!bytes.empty()) {
    const std::size_t size = std::min(bytes.size(), piece_max);
    // The library only reads, but its parameter is not const.
    crc = crc32_iscsi(const_cast<std::uint8_t*>(bytes.data()), static_cast<int>(size), crc);
    bytes = bytes.subspan(size);
  }
  return ~crc;
}

}  // namespace lepus::persist
