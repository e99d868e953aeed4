// The header block of a segment: written and checked in one place.
#pragma once

#include <cstdint>
#include <span>
#include <string>
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

/// This program's version, as SegmentHeader::writer has it: ten bits for each of its three numbers.
std::uint32_t writer_version();
/// As people write it: "1.2.0"; "?": not known.
std::string writer_text(std::uint32_t writer);

/// `block` is block_size bytes; the CRC is computed here.
void encode_segment_header(SegmentHeader header, std::span<std::uint8_t> block);

/// `block` is the first block_size bytes of the file, or fewer when it is shorter. `header` is
/// filled as far as the block goes, for messages about it.
HeaderFault check_segment_header(core::Bytes block, SegmentHeader& header);

}  // namespace lepus::persist
