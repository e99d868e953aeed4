// CRC-32C (Castagnoli), the check of everything in a journal: found in hardware, and every error in
// one burst of up to 32 bits is seen. The work is libisal's. In the header, as each record that is
// written or read needs one.
#pragma once

#include <isa-l/crc.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>

#include "core/base/bytes.h"

namespace lepus::persist {

/// `before`: the CRC of bytes that come before these.
inline std::uint32_t crc32c(core::Bytes bytes, std::uint32_t before = 0) {
  // The library takes sizes as int, so long ranges go in pieces.
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
