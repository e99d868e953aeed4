// UTF-8 as RFC 3629 defines it: no overlong forms, no surrogates, nothing above U+10FFFF. Names are
// nearly always short and ASCII, so that case is inline.
#pragma once

#include <cstdint>
#include <cstring>
#include <string_view>

namespace lepus::core {

/// The same without the short cut.
bool is_utf8_slow(std::string_view text);

inline bool is_utf8(std::string_view text) {
  constexpr std::uint64_t high_bits = 0x8080808080808080u;
  const char* cursor = text.data();
  std::size_t left = text.size();
  std::uint64_t seen = 0;
  for (; left >= 8; cursor += 8, left -= 8) {
    std::uint64_t eight;
    std::memcpy(&eight, cursor, sizeof eight);
    seen |= eight;
  }
  for (; left > 0; ++cursor, --left) seen |= static_cast<std::uint8_t>(*cursor);
  return (seen & high_bits) == 0 || is_utf8_slow(text);
}

}  // namespace lepus::core
