// The header block of a segment: written and checked in one place.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

#include "core/base/bytes.h"
#include "persist/journal/format.h"

namespace lepus::persist {

enum class HeaderFault : std::uint8_t {
  none,
  blank,    ///< All zero: the file was never used.
  magic,    ///< Not a segment.
  version,  ///< Another version of the format; header.version says which.
  crc,      ///< Damaged.
  fields,   ///< The numbers in it are impossible.
};
std::string_view text_of(HeaderFault fault);

/// `block` is block_size bytes; the CRC is computed here.
void encode_segment_header(SegmentHeader header, std::span<std::uint8_t> block);

/// `block` is the first block_size bytes of the file, or fewer when it is shorter. `header` is
/// filled as far as the block goes, for messages about it.
HeaderFault check_segment_header(core::Bytes block, SegmentHeader& header);

}  // namespace lepus::persist
