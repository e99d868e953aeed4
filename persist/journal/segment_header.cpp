// The version is looked at before the CRC: another version may have another header.
#include "persist/journal/segment_header.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cstring>
#include <string_view>

#include "core/base/assert.h"
#include "persist/journal/crc.h"

namespace lepus::persist {

namespace {

constexpr std::uint32_t writer_part_max = 1023;
constexpr std::size_t crc_end = offsetof(SegmentHeader, crc) + sizeof(SegmentHeader::crc);

std::uint32_t crc_of(const SegmentHeader& header) {
  static_assert(crc_end == 12);
  const auto* bytes = reinterpret_cast<const std::uint8_t*>(&header);
  return crc32c({bytes + crc_end, sizeof header - crc_end});
}

/// Places keep numbers and offsets in 32 bits.
bool are_possible(const SegmentHeader& header) {
  return header.number > 0 && header.number <= UINT32_MAX && header.log_start <= header.number &&
         header.first_sequence > 0 && header.first_sequence <= first_sequence_max &&
         header.size >= 2 * block_size && header.size <= UINT32_MAX &&
         header.size % block_size == 0;
}

}  // namespace

void encode_segment_header(SegmentHeader header, std::span<std::uint8_t> block) {
  CHECK(block.size() == block_size);
  CHECK(header.magic == segment_magic);
  CHECK(header.version > 0);
  CHECK(are_possible(header));
  header.crc = crc_of(header);
  std::fill(block.begin(), block.end(), std::uint8_t{0});
  std::memcpy(block.data(), &header, sizeof header);
}

HeaderFault check_segment_header(core::Bytes block, SegmentHeader& header) {
  CHECK(block.size() <= block_size);
  header = SegmentHeader{.magic = 0, .version = 0};
  if (!block.empty()) std::memcpy(&header, block.data(), std::min(block.size(), sizeof header));
  if (std::all_of(block.begin(), block.end(), [](std::uint8_t byte) { return byte == 0; }))
    return HeaderFault::blank;
  if (block.size() < sizeof header || header.magic != segment_magic) return HeaderFault::magic;
  // Torn writes make any number look like a version.
  if (header.crc != crc_of(header)) return HeaderFault::crc;
  if (header.version != format_version) return HeaderFault::version;
  return are_possible(header) ? HeaderFault::none : HeaderFault::fields;
}

std::uint32_t writer_version() {
  std::array<std::uint32_t, 3> parts{};
  std::string_view rest = LEPUS_VERSION;
  for (std::uint32_t& part : parts) {
    const auto [end, error] = std::from_chars(rest.data(), rest.data() + rest.size(), part);
    if (error != std::errc{}) break;
    rest.remove_prefix(static_cast<std::size_t>(end - rest.data()));
    if (rest.starts_with('.')) rest.remove_prefix(1);
  }
  return std::min(parts[0], writer_part_max) << 20 | std::min(parts[1], writer_part_max) << 10 |
         std::min(parts[2], writer_part_max);
}

std::string writer_text(std::uint32_t writer) {
  if (writer == 0) return "?";
  return fmt::format("{}.{}.{}", writer >> 20, writer >> 10 & writer_part_max,
                     writer & writer_part_max);
}

std::string_view text_of(HeaderFault fault) {
  switch (fault) {
    case HeaderFault::none:
      return "valid";
    case HeaderFault::blank:
      return "never used";
    case HeaderFault::magic:
      return "not a journal segment";
    case HeaderFault::version:
      return "other format version";
    case HeaderFault::crc:
      return "damaged header";
    case HeaderFault::fields:
      return "impossible numbers in the header";
  }
  return "?";
}

}  // namespace lepus::persist
