// CRC-32C (Castagnoli), the check of everything in a journal: found in hardware, and every error in
// one burst of up to 32 bits is seen.
#pragma once

#include <cstdint>

#include "core/base/bytes.h"

namespace lepus::persist {

/// `before`: the CRC of bytes that come before these.
std::uint32_t crc32c(core::Bytes bytes, std::uint32_t before = 0);

}  // namespace lepus::persist
