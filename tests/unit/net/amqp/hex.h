// Bytes of tests, written as people read them.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/bytes.h"

namespace lepus::amqp {

using ByteVector = std::vector<std::uint8_t>;

/// "01ff 02" -> three bytes. Only hexadecimal digits and spaces.
inline ByteVector from_hex(std::string_view text) {
  constexpr std::string_view digits = "0123456789abcdef";
  ByteVector bytes;
  int high = -1;
  for (const char character : text) {
    if (character == ' ') continue;
    const std::size_t digit = digits.find(character);
    CHECK(digit != std::string_view::npos);
    if (high < 0) {
      high = static_cast<int>(digit);
    } else {
      bytes.push_back(static_cast<std::uint8_t>(static_cast<std::size_t>(high) * 16 + digit));
      high = -1;
    }
  }
  CHECK(high < 0);
  return bytes;
}

inline std::string to_hex(core::Bytes bytes) {
  constexpr std::string_view digits = "0123456789abcdef";
  std::string text;
  for (const std::uint8_t byte : bytes) {
    text += digits[byte >> 4];
    text += digits[byte & 15];
  }
  return text;
}

}  // namespace lepus::amqp
