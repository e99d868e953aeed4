// The general check, one character at a time.
#include "core/base/utf8.h"

namespace lepus::core {
namespace {

struct Range {
  std::uint8_t first = 0x80;
  std::uint8_t last = 0xbf;
  bool has(std::uint8_t octet) const { return octet >= first && octet <= last; }
};

/// Octets that follow a leading one; 0 = it cannot lead.
std::size_t followers(std::uint8_t lead) {
  if (lead >= 0xc2 && lead <= 0xdf) return 1;  // 0xc0 and 0xc1 would be overlong
  if (lead >= 0xe0 && lead <= 0xef) return 2;
  if (lead >= 0xf0 && lead <= 0xf4) return 3;
  return 0;
}

/// What the octet right behind `lead` may be: this is where overlong forms, surrogates and numbers
/// above U+10FFFF show.
Range second(std::uint8_t lead) {
  switch (lead) {
    case 0xe0:
      return {.first = 0xa0};
    case 0xed:
      return {.last = 0x9f};
    case 0xf0:
      return {.first = 0x90};
    case 0xf4:
      return {.last = 0x8f};
    default:
      return {};
  }
}

}  // namespace

bool is_utf8_slow(std::string_view text) {
  std::size_t offset = 0;
  const auto octet = [&text](std::size_t index) { return static_cast<std::uint8_t>(text[index]); };
  while (offset < text.size()) {
    const std::uint8_t lead = octet(offset++);
    if (lead < 0x80) continue;
    const std::size_t count = followers(lead);
    if (count == 0 || text.size() - offset < count) return false;
    if (!second(lead).has(octet(offset))) return false;
    for (std::size_t i = 1; i < count; ++i) {
      if (!Range{}.has(octet(offset + i))) return false;
    }
    offset += count;
  }
  return true;
}

}  // namespace lepus::core
