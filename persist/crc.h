// CRC-32C (Castagnoli), the check of everything in a journal: found in hardware, and every error in
// one burst of up to 32 bits is seen.
#pragma once

#include <cstdint>

#include "core/base/bytes.h"

namespace lepus::persist {

std::uint32_t crc32c(core::Bytes bytes);

}  // namespace lepus::persist
