// Hash of names and routing keys: eight bytes at a time, multiply and fold, the same on every
// machine and run. Not keyed: whoever may declare names may also choose colliding ones, and gains
// only slower lookups of his own.
#pragma once

#include <cstdint>
#include <cstring>
#include <string_view>

namespace lepus::core {

inline std::uint64_t mix_hash(std::uint64_t a, std::uint64_t b) {
  __extension__ using Wide = unsigned __int128;
  const Wide product = static_cast<Wide>(a ^ 0x9E3779B97F4A7C15ULL) * (b ^ 0xD6E8FEB86659FD93ULL);
  return static_cast<std::uint64_t>(product) ^ static_cast<std::uint64_t>(product >> 64);
}

inline std::uint64_t hash_text(std::string_view text) {
  const char* cursor = text.data();
  std::size_t left = text.size();
  std::uint64_t hash = left;
  std::uint64_t word = 0;
  for (; left > 8; left -= 8, cursor += 8) {
    std::memcpy(&word, cursor, 8);
    hash = mix_hash(hash, word);
  }
  // The rest, 0 to 8 bytes, by loads that overlap instead of a loop over bytes.
  if (left >= 4) {
    std::uint32_t low = 0;
    std::uint32_t high = 0;
    std::memcpy(&low, cursor, 4);
    std::memcpy(&high, cursor + left - 4, 4);
    word = (static_cast<std::uint64_t>(high) << 32) | low;
  } else if (left > 0) {
    word = static_cast<std::uint64_t>(static_cast<std::uint8_t>(cursor[0])) |
           static_cast<std::uint64_t>(static_cast<std::uint8_t>(cursor[left / 2])) << 8 |
           static_cast<std::uint64_t>(static_cast<std::uint8_t>(cursor[left - 1])) << 16;
  } else {
    word = 0;
  }
  return mix_hash(hash, word);
}

/// For hash tables keyed by text; std::string and std::string_view find each other's entries.
struct TextHash {
  using is_transparent = void;
  using is_avalanching = void;
  std::size_t operator()(std::string_view text) const noexcept { return hash_text(text); }
};

}  // namespace lepus::core
